// Choosing a token, scalar.
#include "sampling.h"
#include "math64.h"

#pragma STDC FP_CONTRACT OFF

uint32_t kb_scalar_largest(const float *x, uint32_t n, float *value) {
  uint32_t best = 0;
  float most = -__builtin_inff();
  for (uint32_t i = 0; i < n; i++) {
    if (x[i] != x[i]) {
      *value = x[i];
      return 0;
    }
    if (x[i] > most) most = x[best = i];
  }
  *value = most;
  return best;
}

static uint32_t ordered(float x) {
  uint32_t u = kb_bits(x + 0.0f);
  return u & 0x80000000 ? ~u : u | 0x80000000;
}

static uint32_t reached_pattern(const float *x, uint32_t n, uint32_t k, int lowest) {
  uint32_t found = 0;
  for (int bit = 31; bit >= lowest; bit--) {
    uint32_t trial = found | 1u << bit, count = 0;
    for (uint32_t i = 0; i < n; i++) count += ordered(x[i]) >= trial;
    if (count >= k) found = trial;
  }
  return found;
}

float kb_scalar_kth_largest(const float *x, uint32_t n, uint32_t k) { return kb_unordered(reached_pattern(x, n, k, 0)); }

float kb_scalar_often_reached(const float *x, uint32_t n, uint32_t k) {
  float maxima[KB_STRIPS * KB_TILE];
  uint32_t strip = kb_strip(n), count = (n + strip - 1) / strip * KB_TILE;
  for (uint32_t i = 0; i < count; i++) maxima[i] = -__builtin_inff();
  for (uint32_t i = 0; i < n; i++) {
    float *max = maxima + i / strip * KB_TILE + i % KB_TILE;
    if (x[i] != x[i]) return x[i];
    if (x[i] > *max) *max = x[i];
  }
  return k > count ? -__builtin_inff() : kb_unordered(reached_pattern(maxima, count, k, KB_COARSE_BIT));
}

uint32_t kb_scalar_reaching(const float *x, uint32_t n, float least, uint32_t *indices) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++)
    if (x[i] >= least) indices[count++] = i;
  return count;
}

void kb_scalar_weigh(const float *scores, float largest, uint32_t n, double *weights) {
  for (uint32_t i = 0; i < n; i++) weights[i] = kb_m_exp((double)(scores[i] - largest));
}

uint32_t kb_scalar_add_until(const float *scores, const double *weights, uint32_t n, kb_cut cut, double limit, double *total) {
  double sum = 0;
  uint32_t i = 0;
  for (; i < n && sum <= limit; i++)
    if (kb_is_kept(scores[i], i, cut)) sum = sum + weights[i];
  *total = sum;
  return sum > limit ? i - 1 : n;
}

// The least likely tokens go as long as they have at most `dropped` together. Sorting all of them would take longer than the model:
// their masses are added up in buckets of scores, and those of one bucket are sorted.

kb_buckets kb_make_buckets(const float *low, const float *high, uint32_t n, float dropped) {
  float least = low[0], largest = high[0];
  for (int l = 1; l < KB_TILE; l++) {
    least = low[l] < least ? low[l] : least;
    largest = high[l] > largest ? high[l] : largest;
  }
  // Tokens below that have half of `dropped` together at most, and are none of those that are sorted.
  float range = dropped > 0 ? (float)kb_m_log(2.0 * n / (double)dropped) + 1 : __builtin_inff();
  range = largest - least < range ? largest - least : range;
  return (kb_buckets){largest, KB_BUCKETS / (range > 0x1p-64f ? range : 0x1p-64f)};
}

int kb_crossing(const double *mass, float dropped, double *below) {
  int bucket = KB_BUCKETS;
  double sum = 0;
  for (; bucket > 0 && (float)(sum + mass[bucket]) <= dropped; bucket--) sum = sum + mass[bucket];
  *below = sum;
  return bucket;
}

static bool comes_before(const float *scores, uint32_t a, uint32_t b) {
  return scores[a] < scores[b] || (scores[a] == scores[b] && a < b);
}

kb_cut kb_cut_among(const float *scores, const double *weights, double total, float dropped, double below, uint32_t *members,
                    uint32_t count) {
  for (uint32_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)  // Shell's sort
    for (uint32_t i = gap; i < count; i++) {
      uint32_t member = members[i], at = i;
      for (; at >= gap && comes_before(scores, member, members[at - gap]); at -= gap) members[at] = members[at - gap];
      members[at] = member;
    }
  uint32_t first = 0;
  for (double sum = below; first + 1 < count; first++) {
    sum = sum + (double)(float)(weights[members[first]] / total);
    if (!((float)sum <= dropped)) break;
  }
  return (kb_cut){scores[members[first]], members[first]};
}

static int bucket_of(float score, kb_buckets b) {
  float at = (b.largest - score) * b.scale;
  return at < (float)KB_BUCKETS ? (int)at : KB_BUCKETS;
}

kb_cut kb_scalar_mass_cut(const float *scores, const double *weights, uint32_t n, double total, float dropped,
                          uint32_t *members) {
  double mass[KB_BUCKETS + 1] = {0}, rest[KB_TILE] = {0};
  float low[KB_TILE], high[KB_TILE];
  for (int l = 0; l < KB_TILE; l++) high[l] = -(low[l] = __builtin_inff());
  for (uint32_t i = 0; i < n; i++) {
    int l = i % KB_TILE;
    if (scores[i] < low[l] && scores[i] > -__builtin_inff()) low[l] = scores[i];
    if (scores[i] > high[l]) high[l] = scores[i];
  }
  kb_buckets b = kb_make_buckets(low, high, n, dropped);
  for (uint32_t i = 0; i < n; i++) {
    int bucket = bucket_of(scores[i], b);
    double *sum = bucket < KB_BUCKETS ? mass + bucket : rest + i % KB_TILE;
    *sum = *sum + (double)(float)(weights[i] / total);
  }
  for (int step = KB_TILE / 2; step > 0; step /= 2)
    for (int l = 0; l < step; l++) rest[l] = rest[l] + rest[l + step];
  mass[KB_BUCKETS] = rest[0];
  double below = 0;
  int crossing = kb_crossing(mass, dropped, &below);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++)
    if (bucket_of(scores[i], b) == crossing) members[count++] = i;
  return kb_cut_among(scores, weights, total, dropped, below, members, count);
}

void kb_scalar_drop_unlikely(float *scores, double *weights, uint32_t n, kb_cut cut, double total, float least) {
  for (uint32_t i = 0; i < n; i++) {
    if (kb_is_kept(scores[i], i, cut) && (float)(weights[i] / total) >= least) continue;
    scores[i] = -__builtin_inff();
    weights[i] = 0;
  }
}
