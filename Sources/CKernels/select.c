// Choosing the largest: keys of the keep window, experts of the router. Comparisons only, so nothing depends on an instruction set.
#include "ckernels.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

/// Maps a float to an unsigned integer of the same order.
static uint32_t ordered(float x) {
  uint32_t u = kb_bits(x + 0.0f);  // -0 counts as +0
  return u & 0x80000000 ? ~u : u | 0x80000000;
}

void kb_keep_largest(const float *mask, uint32_t begin, uint32_t end, uint32_t keep, float *out) {
  // A radix search, a byte a round, for the keep-th largest value: O(n), whatever the values.
  uint32_t prefix = 0, decided = 0, left = keep;
  for (int shift = 24; shift >= 0; shift -= 8) {
    uint32_t count[256] = {0};
    for (uint32_t j = begin; j < end; j++) {
      uint32_t u = ordered(mask[j]);
      if ((u & decided) == prefix) count[u >> shift & 255]++;
    }
    uint32_t byte = 255;
    while (count[byte] < left) left -= count[byte--];
    prefix |= byte << shift;
    decided |= 255u << shift;
  }
  // All above the threshold stay, and of those equal to it the last `left`.
  for (uint32_t j = end; j-- > begin;) {
    uint32_t u = ordered(mask[j]);
    bool stays = u > prefix || (u == prefix && left > 0);
    if (u == prefix && left > 0) left--;
    out[j] = stays ? mask[j] : -__builtin_inff();
  }
}

typedef struct { float score; uint32_t index; } scored;

static bool before(scored a, scored b) { return a.score > b.score || (a.score == b.score && a.index < b.index); }

/// Puts `s` into a list of the best `k` in falling order, of which `count` are there.
static uint32_t insert(scored *list, uint32_t count, uint32_t k, scored s) {
  if (count == k && !before(s, list[k - 1])) return count;
  uint32_t i = count < k ? count : k - 1;
  for (; i > 0 && before(s, list[i - 1]); i--) list[i] = list[i - 1];
  list[i] = s;
  return count < k ? count + 1 : k;
}

void kb_largest(const float *values, uint32_t n, uint32_t k, uint32_t *indices) {
  scored best[16];
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i++) {
    float value = values[i] == values[i] ? values[i] : -__builtin_inff();
    if (count < k || value > best[k - 1].score) count = insert(best, count, k, (scored){value, i});
  }
  for (uint32_t i = 0; i < k; i++) indices[i] = best[i].index;
}

size_t kb_route_scratch(uint32_t k) { return (size_t)3 * k * sizeof(scored); }

void kb_route(const float *x, const float *y, uint32_t keys, uint32_t k, uint32_t *experts, float *weights, void *scratch) {
  // The k largest scores are those of pairs of the k largest halves: that gives the least score that counts.
  scored *best_x = scratch, *best_y = best_x + k, *best = best_y + k;
  uint32_t half = k < keys ? k : keys, n = 0, m = 0, count = 0;
  for (uint32_t a = 0; a < keys; a++) {
    n = insert(best_x, n, half, (scored){x[a], a});
    m = insert(best_y, m, half, (scored){y[a], a});
  }
  for (uint32_t i = 0; i < half; i++)
    for (uint32_t j = 0; j < half; j++) {
      scored s = {best_x[i].score + best_y[j].score, best_x[i].index * keys + best_y[j].index};
      if (count == k && s.score < best[k - 1].score) break;  // the rest of this row is no larger
      count = insert(best, count, k, s);
    }
  // Rounding can make the sums of other halves equal to it; where that is possible, which pairs have it is seen among all.
  float least = best[k - 1].score, largest_y = best_y[0].score;
  bool others_reach = half < keys && (best_x[half - 1].score + largest_y >= least || best_x[0].score + best_y[half - 1].score >= least);
  if (others_reach) count = 0;
  for (uint32_t a = 0; others_reach && a < keys; a++) {
    if (x[a] + largest_y < least) continue;
    for (uint32_t b = 0; b < keys; b++)
      if (!(x[a] + y[b] < least)) count = insert(best, count, k, (scored){x[a] + y[b], a * keys + b});
  }
  float sum = 0;
  for (uint32_t i = 0; i < k; i++) {
    experts[i] = best[i].index;
    weights[i] = kb_s_exp(best[i].score - best[0].score);
    sum = sum + weights[i];
  }
  for (uint32_t i = 0; i < k; i++) weights[i] = weights[i] / sum;
}
