// Choosing a token: comparisons over rows of scores, their weights, and sums of those. Included behind vector_logits.h. Scores and
// weights stand in whole vectors, -infinity and 0 past the end; logits may end anywhere.
#include "sampling.h"

typedef bool v16b __attribute__((ext_vector_type(16)));

/// A bit for each lane.
INLINE uint32_t lane_bits(v16i mask) {
  v16b lanes = __builtin_convertvector(mask, v16b);
  uint16_t bits;
  memcpy(&bits, &lanes, 2);
  return bits;
}

/// The lanes at x + i of n, -infinity past the end.
INLINE v16f load_scores(const float *x, uint32_t i, uint32_t n) {
  if (n - i >= KB_TILE) return load(x + i);
  float part[KB_TILE];
  for (uint32_t l = 0; l < KB_TILE; l++) part[l] = l < n - i ? x[i + l] : -__builtin_inff();
  return load(part);
}

static uint32_t largest(const float *x, uint32_t n, float *value) {
  v16f max = splat(-__builtin_inff());
  v16i nan = {0};
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    v16f v = load_scores(x, i, n);
    nan |= v != v;
    max = select16(v > max, v, max);
  }
  float lane[KB_TILE], most = -__builtin_inff();
  store(lane, max);
  for (int l = 0; l < KB_TILE; l++) most = lane[l] > most ? lane[l] : most;
  *value = lane_bits(nan) ? __builtin_nanf("") : most;
  if (lane_bits(nan)) return 0;
  for (uint32_t i = 0;; i += KB_TILE) {
    uint32_t found = lane_bits(load_scores(x, i, n) == most);
    if (found) return i + (uint32_t)__builtin_ctz(found);
  }
}

/// Patterns as signed integers of the same order; both zeros are one.
INLINE v16i ordered16(v16f x) {
  v16i u = (v16i)(x + 0.0f);
  return u ^ ((u >> 31) & 0x7fffffff);
}

/// The largest pattern that k values reach, from its highest bit to the `lowest`.
INLINE uint32_t reached_pattern(const float *x, uint32_t n, uint32_t k, int lowest) {
  uint32_t found = 0;
  for (int bit = 31; bit >= lowest; bit--) {
    int32_t trial = (int32_t)((found | 1u << bit) ^ 0x80000000);
    v16i count = {0};
    for (uint32_t i = 0; i < n; i += KB_TILE) count -= ordered16(load_scores(x, i, n)) >= trial;
    if ((uint32_t)__builtin_reduce_add(count) >= k) found |= 1u << bit;
  }
  return found;
}

static float kth_largest(const float *x, uint32_t n, uint32_t k) { return kb_unordered(reached_pattern(x, n, k, 0)); }

static float often_reached(const float *x, uint32_t n, uint32_t k) {
  float maxima[KB_STRIPS * KB_TILE];
  uint32_t strip = kb_strip(n), count = 0;
  v16i nan = {0};
  for (uint32_t begin = 0; begin < n; begin += strip, count += KB_TILE) {
    v16f max = splat(-__builtin_inff());
    uint32_t end = n - begin < strip ? n : begin + strip;
    for (uint32_t i = begin; i < end; i += KB_TILE) {
      v16f v = load_scores(x, i, n);
      nan |= v != v;
      max = select16(v > max, v, max);
    }
    store(maxima + count, max);
  }
  if (lane_bits(nan)) return __builtin_nanf("");
  return k > count ? -__builtin_inff() : kb_unordered(reached_pattern(maxima, count, k, KB_COARSE_BIT));
}

static uint32_t reaching(const float *x, uint32_t n, float least, uint32_t *indices) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    if (n - i >= 4 * KB_TILE) {  // nearly always there is none among sixty-four
      v16i any = load(x + i) >= least;
      _Pragma("unroll") for (int k = 1; k < 4; k++) any |= load(x + i + k * KB_TILE) >= least;
      if (!lane_bits(any)) {
        i += 3 * KB_TILE;
        continue;
      }
    }
    uint32_t found = lane_bits(load_scores(x, i, n) >= least);
    if (n - i < KB_TILE) found &= (1u << (n - i)) - 1;  // -infinity reaches itself
    for (; found; found &= found - 1) indices[count++] = i + (uint32_t)__builtin_ctz(found);
  }
  return count;
}

static void weigh(const float *scores, float largest, uint32_t n, double *weights) {
  uint32_t i = 0;
  for (; i + 2 * KB_TILE <= n; i += 2 * KB_TILE) {  // steps of one vector alone wait for each other
    v16d x[2];
    for (int k = 0; k < 2; k++) x[k] = __builtin_convertvector(load(scores + i + k * KB_TILE) - largest, v16d);
    exp64_vectors(x, 2);
    for (int k = 0; k < 2; k++) *(v16d *)(weights + i + k * KB_TILE) = x[k];
  }
  if (i < n) *(v16d *)(weights + i) = exp64x16(__builtin_convertvector(load(scores + i) - largest, v16d));
}

/// The sum of lanes whose sums are exact, in whichever order they are added.
INLINE double sum_exact(v16d v) {
  __typeof__(v.lo) a = v.lo + v.hi;
  __typeof__(a.lo) b = a.lo + a.hi;
  return (b.x + b.y) + (b.z + b.w);
}

// While a sum stays below the next power of two, adding a weight adds the weight rounded to the sum's last place, unless it lies
// halfway between two places. What is rounded so adds up exactly in any order.
static uint32_t add_until(const float *scores, const double *weights, uint32_t n, kb_cut cut, double limit, double *total) {
  double sum = 0, power = 0, tie = cut.least > -__builtin_inff() ? (double)cut.least : __builtin_nan("");
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    v16d s = __builtin_convertvector(load(scores + i), v16d);
    v16d w = s > cut.least ? *(const v16d *)(weights + i) : (v16d)0, rounded = (w + power) - power;
    v16l unsure = (__builtin_elementwise_abs(w - rounded) == power * 0x1p-53) | (s == tie);
    double next = sum + sum_exact(unsure ? (v16d)__builtin_nan("") : rounded);
    if (next < 2 * power && next <= limit) {  // not where it is no number
      sum = next;
      continue;
    }
    for (uint32_t l = 0; l < KB_TILE; l++) {
      if (kb_is_kept(scores[i + l], i + l, cut)) sum = sum + weights[i + l];
      if (sum > limit) {
        *total = sum;
        return i + l;
      }
    }
    power = kb_power_below(sum);
  }
  *total = sum;
  return n;
}

/// weights / total in binary32.
INLINE v16f probability16(const double *weights, double total) {
  return __builtin_convertvector(*(const v16d *)weights / total, v16f);
}

INLINE v16i bucket16(const float *scores, kb_buckets b) {
  v16f at = (splat(b.largest) - load(scores)) * b.scale, last = splat(KB_BUCKETS);
  return __builtin_convertvector(select16(at < last, at, last), v16i);
}

static kb_cut mass_cut(const float *scores, const double *weights, uint32_t n, double total, float dropped, uint32_t *members) {
  double mass[KB_BUCKETS + 1] = {0};
  v16f infinity = splat(__builtin_inff()), min = infinity, max = -infinity;
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    v16f s = load(scores + i);
    min = select16((s < min) & (s > -infinity), s, min);
    max = select16(s > max, s, max);
  }
  float low[KB_TILE], high[KB_TILE];
  store(low, min);
  store(high, max);
  kb_buckets b = kb_make_buckets(low, high, n, dropped);
  v16d rest = {0};
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    v16f p = probability16(weights + i, total);
    v16i bucket = bucket16(scores + i, b);
    rest += __builtin_convertvector(select16(bucket == KB_BUCKETS, p, splat(0)), v16d);
    uint32_t found = lane_bits(bucket < KB_BUCKETS);
    float part[KB_TILE];
    int32_t at[KB_TILE];
    store(part, p);
    *(v16i *)at = bucket;
    if (found == 0xffff) {
      _Pragma("unroll") for (int l = 0; l < KB_TILE; l++) mass[at[l]] += (double)part[l];
    } else {
      for (; found; found &= found - 1) mass[at[__builtin_ctz(found)]] += (double)part[__builtin_ctz(found)];
    }
  }
  mass[KB_BUCKETS] = sum_lanes64(rest);
  double below = 0;
  int crossing = kb_crossing(mass, dropped, &below);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += KB_TILE)
    for (uint32_t found = lane_bits(bucket16(scores + i, b) == crossing); found; found &= found - 1)
      members[count++] = i + (uint32_t)__builtin_ctz(found);
  return kb_cut_among(scores, weights, total, dropped, below, members, count);
}

static void drop_unlikely(float *scores, double *weights, uint32_t n, kb_cut cut, double total, float least) {
  const v16u lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (uint32_t i = 0; i < n; i += KB_TILE) {
    v16f s = load(scores + i);
    v16i kept = (s > cut.least) | ((s == cut.least) & (v16i)(lanes + i >= cut.first));
    s = select16(kept & (v16i)(probability16(weights + i, total) >= least), s, splat(-__builtin_inff()));
    store(scores + i, s);
    // The wide mask comes from the scores: AVX2 has no way from narrow masks to wide ones but through bytes.
    *(v16d *)(weights + i) = __builtin_convertvector(s, v16d) > -__builtin_inf() ? *(v16d *)(weights + i) : (v16d)0;
  }
}
