// Comparisons of logits in binary64, sixteen lanes at a time. Included behind vector_lanes.h.
#include "math64.h"

/// exp of some vectors in place, step by step in all of them: a step waits for the one before it.
INLINE void exp64_vectors(v16d *x, int count) {
  static const double coefficients[] = KB_EXP64_COEFFICIENTS;
  v16d p[2], r[2], z[2];
  for (int k = 0; k < count; k++) {
    v16d y = x[k] < -708.0 ? (v16d)0 : x[k];
    z[k] = y * 1.4426950408889634 + 6755399441055744.0;
    v16d n = z[k] - 6755399441055744.0;
    r[k] = (y - n * 0.6931471803691238) - n * 1.9082149292705877e-10;
    p[k] = r[k] - r[k] + coefficients[0];
  }
  for (int i = 1; i < 13; i++)
    for (int k = 0; k < count; k++) p[k] = p[k] * r[k] + coefficients[i];
  for (int k = 0; k < count; k++) {
    v16l power = ((v16l)z[k] - 0x4338000000000000 + 1023) << 52;
    v16d out = (p[k] * r[k] + 1.0) * (v16d)power;
    x[k] = x[k] < -708.0 ? (v16d)0 : out;
  }
}

INLINE v16d exp64x16(v16d x) {
  exp64_vectors(&x, 1);
  return x;
}

INLINE double sum_lanes64(v16d v) {
  double lane[KB_TILE];
  *(v16d *)lane = v;
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] + lane[l + step];
  return lane[0];
}

/// Loads logits, the lanes past the end filled with `rest`.
INLINE v16d load_logits(const float *p, uint32_t count, float rest) {
  if (count >= KB_TILE) return __builtin_convertvector(load(p), v16d);
  float part[KB_TILE];
  for (uint32_t l = 0; l < KB_TILE; l++) part[l] = l < count ? p[l] : rest;
  return __builtin_convertvector(load(part), v16d);
}

static double log_sum_exp(const float *logits, uint32_t n) {
  float max = logits[0];
  for (uint32_t i = 1; i < n; i++) max = logits[i] > max ? logits[i] : max;
  v16d sum = {0};
  for (uint32_t i = 0; i < n; i += KB_TILE) sum += exp64x16(load_logits(logits + i, n - i, -__builtin_inff()) - (double)max);
  return (double)max + kb_m_log(sum_lanes64(sum));
}

static void compare_logits(const float *reference, const float *candidate, uint32_t n, kb_logit_difference *out) {
  kb_rank_logits(reference, candidate, n, out);
  double r_max = (double)reference[out->reference_top], c_max = (double)candidate[out->candidate_top];
  v16d r_exp = {0}, c_exp = {0}, weighted = {0}, c_weighted = {0}, squares = {0}, sum = {0}, sum_squares = {0}, largest = {0};
  uint32_t i = 0;
  for (; i + KB_TILE <= n; i += KB_TILE) {
    v16d r = load_logits(reference + i, KB_TILE, 0), c = load_logits(candidate + i, KB_TILE, 0), d = r - c;
    v16d e = exp64x16(r - r_max), f = exp64x16(c - c_max), a = d < 0 ? -d : d;
    r_exp += e;
    c_exp += f;
    weighted += e * d;
    c_weighted += f * d;
    squares += d * d;
    sum += r;
    sum_squares += r * r;
    largest = a > largest ? a : largest;
  }
  if (i < n) {  // excluded lanes add +0 to every sum
    v16d r = load_logits(reference + i, n - i, 0), c = load_logits(candidate + i, n - i, 0), d = r - c, a = d < 0 ? -d : d;
    v16d e = exp64x16(load_logits(reference + i, n - i, -__builtin_inff()) - r_max);
    v16d f = exp64x16(load_logits(candidate + i, n - i, -__builtin_inff()) - c_max);
    r_exp += e;
    c_exp += f;
    weighted += e * d;
    c_weighted += f * d;
    squares += d * d;
    sum += r;
    sum_squares += r * r;
    largest = a > largest ? a : largest;
  }
  double total = sum_lanes64(r_exp), c_total = sum_lanes64(c_exp), top = 0;
  for (int l = 0; l < KB_TILE; l++) top = largest[l] > top ? largest[l] : top;
  out->reference_lse = r_max + kb_m_log(total);
  out->candidate_lse = c_max + kb_m_log(c_total);
  out->kl = sum_lanes64(weighted) / total - (out->reference_lse - out->candidate_lse);
  out->reverse_kl = (out->reference_lse - out->candidate_lse) - sum_lanes64(c_weighted) / c_total;
  out->squared_difference = sum_lanes64(squares);
  out->max_abs_difference = top;
  out->reference_sum = sum_lanes64(sum);
  out->reference_square_sum = sum_lanes64(sum_squares);
}
