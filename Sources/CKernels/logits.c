// Distances between rows of logits, scalar (formats/numerics.md, section 6).
#include "math64.h"
#include "scalar.h"

#pragma STDC FP_CONTRACT OFF

static double lanes_sum(double *lane) {
  for (int step = KB_TILE / 2; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] + lane[l + step];
  return lane[0];
}

double kb_scalar_log_sum_exp(const float *logits, uint32_t n) {
  double lane[KB_TILE] = {0};
  float max = logits[0];
  for (uint32_t i = 1; i < n; i++)
    if (logits[i] > max) max = logits[i];
  for (uint32_t i = 0; i < n; i++) lane[i % KB_TILE] = lane[i % KB_TILE] + kb_m_exp((double)logits[i] - (double)max);
  return (double)max + kb_m_log(lanes_sum(lane));
}

void kb_rank_logits(const float *reference, const float *candidate, uint32_t n, kb_logit_difference *out) {
  uint32_t top = 0, other = 0;
  float second = -__builtin_inff();
  for (uint32_t i = 1; i < n; i++) {
    if (reference[i] > reference[top]) {
      second = reference[top];
      top = i;
    } else if (reference[i] > second) {
      second = reference[i];
    }
    if (candidate[i] > candidate[other]) other = i;
  }
  out->reference_top = top;
  out->candidate_top = other;
  out->reference_margin = reference[top] - second;
}

void kb_scalar_compare_logits(const float *reference, const float *candidate, uint32_t n, kb_logit_difference *out) {
  kb_rank_logits(reference, candidate, n, out);
  double r_max = (double)reference[out->reference_top], c_max = (double)candidate[out->candidate_top], largest = 0;
  double r_exp[KB_TILE] = {0}, c_exp[KB_TILE] = {0}, weighted[KB_TILE] = {0}, c_weighted[KB_TILE] = {0}, squares[KB_TILE] = {0},
         sum[KB_TILE] = {0}, sum_squares[KB_TILE] = {0};
  for (uint32_t i = 0; i < n; i++) {
    int l = i % KB_TILE;
    double r = (double)reference[i], c = (double)candidate[i], d = r - c, e = kb_m_exp(r - r_max), f = kb_m_exp(c - c_max);
    r_exp[l] = r_exp[l] + e;
    c_exp[l] = c_exp[l] + f;
    weighted[l] = weighted[l] + e * d;
    c_weighted[l] = c_weighted[l] + f * d;
    squares[l] = squares[l] + d * d;
    sum[l] = sum[l] + r;
    sum_squares[l] = sum_squares[l] + r * r;
    if ((d < 0 ? -d : d) > largest) largest = d < 0 ? -d : d;
  }
  double total = lanes_sum(r_exp), c_total = lanes_sum(c_exp);
  out->reference_lse = r_max + kb_m_log(total);
  out->candidate_lse = c_max + kb_m_log(c_total);
  out->kl = lanes_sum(weighted) / total - (out->reference_lse - out->candidate_lse);
  out->reverse_kl = (out->reference_lse - out->candidate_lse) - lanes_sum(c_weighted) / c_total;
  out->squared_difference = lanes_sum(squares);
  out->max_abs_difference = largest;
  out->reference_sum = lanes_sum(sum);
  out->reference_square_sum = lanes_sum(sum_squares);
}
