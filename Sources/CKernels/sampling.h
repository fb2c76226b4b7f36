// What the kernels that choose a token share, whatever their instruction set.
#ifndef KB_SAMPLING_H
#define KB_SAMPLING_H

#include "scalar.h"
#include "values.h"

/// Buckets of scores in the search for the place where the least likely tokens have a given mass; one more takes what lies below.
enum { KB_BUCKETS = 2048 };
/// The most strips that often_reached takes the largest values of, 16 each.
enum { KB_STRIPS = 64 };
/// The lowest bit of a pattern that often_reached looks at.
enum { KB_COARSE_BIT = 12 };

/// Values of a strip: whole vectors.
static inline uint32_t kb_strip(uint32_t n) { return ((n + KB_TILE - 1) / KB_TILE + KB_STRIPS - 1) / KB_STRIPS * KB_TILE; }

/// The float of an unsigned integer that is ordered as the floats are; none is below -infinity.
static inline float kb_unordered(uint32_t u) {
  if (u < 0x007fffff) u = 0x007fffff;
  return kb_float(u & 0x80000000 ? u ^ 0x80000000 : ~u);
}

/// The largest power of two up to a number; 0 for 0.
static inline double kb_power_below(double x) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  bits &= 0x7ff0000000000000ULL;
  memcpy(&x, &bits, 8);
  return x;
}

/// Whether a token is behind a cut.
static inline bool kb_is_kept(float score, uint32_t i, kb_cut cut) {
  return score > cut.least || (score == cut.least && i >= cut.first);
}

/// Bucket min((largest - score) * scale, KB_BUCKETS) holds a score.
typedef struct {
  float largest, scale;
} kb_buckets;

/// Buckets for scores between the least and the largest of sixteen each.
kb_buckets kb_make_buckets(const float *low, const float *high, uint32_t n, float dropped);
/// The bucket in which the mass, added up from the last bucket, passes `dropped`, and the mass below it.
int kb_crossing(const double *mass, float dropped, double *below);
/// Of the members of that bucket, by rising index, the one that passes it.
kb_cut kb_cut_among(const float *scores, const double *weights, double total, float dropped, double below, uint32_t *members,
                    uint32_t count);

#endif
