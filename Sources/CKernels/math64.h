// exp, log, sine, cosine and erf in binary64 from +, -, * and / alone, so that they give the same bits everywhere
// (formats/numerics.md, section 3). Not for hot loops.
#ifndef KB_MATH64_H
#define KB_MATH64_H

#include <stdint.h>
#include <string.h>

static inline double kb_round64(double x) {
  const double magic = 6755399441055744.0;  // 1.5 * 2^52
  return (x + magic) - magic;
}

static inline double kb_power_of_two64(int n) {  // -1022 <= n <= 1023
  uint64_t bits = (uint64_t)(n + 1023) << 52;
  double out;
  memcpy(&out, &bits, 8);
  return out;
}

/// Coefficients 1/i! of exp's Taylor polynomial, from the 13th degree down to the first.
#define KB_EXP64_COEFFICIENTS                                                                                             \
  {1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08, 2.755731922398589e-07, 2.7557319223985893e-06,    \
   2.48015873015873e-05, 0.0001984126984126984, 0.001388888888888889, 0.008333333333333333, 0.041666666666666664,         \
   0.16666666666666666, 0.5, 1.0}

static inline double kb_m_exp(double x) {
#pragma STDC FP_CONTRACT OFF
  static const double coefficients[] = KB_EXP64_COEFFICIENTS;
  if (x < -708) return 0;
  if (x > 709) return __builtin_inf();
  double n = kb_round64(x * 1.4426950408889634);
  double r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10;
  double p = coefficients[0];
  for (int i = 1; i < 13; i++) p = p * r + coefficients[i];
  return (p * r + 1) * kb_power_of_two64((int)n);
}

/// log of (1 + s) / (1 - s).
static inline double kb_m_atanh_series(double s) {
#pragma STDC FP_CONTRACT OFF
  double q = s * s, p = 0;
  for (int i = 23; i > 0; i -= 2) p = p * q + 1.0 / i;
  return 2 * (s * p);
}

static inline double kb_m_log(double x) {  // x positive, finite and normal
#pragma STDC FP_CONTRACT OFF
  uint64_t bits;
  memcpy(&bits, &x, 8);
  int e = (int)(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  double m;
  memcpy(&m, &bits, 8);
  if (m >= 1.4142135623730951) { m = m / 2; e = e + 1; }
  return kb_m_atanh_series((m - 1) / (m + 1)) + e * 0.6931471805599453;
}

static inline double kb_m_softplus(double z) {
#pragma STDC FP_CONTRACT OFF
  if (z > 20) return z;
  double y = kb_m_exp(z);
  return y < 0.41 ? kb_m_atanh_series(y / (2 + y)) : kb_m_log(1 + y);
}

static inline double kb_m_tanh(double x) {
#pragma STDC FP_CONTRACT OFF
  return 1 - 2 / (kb_m_exp(2 * x) + 1);
}

static inline double kb_m_erf(double x) {
#pragma STDC FP_CONTRACT OFF
  if (x >= 6) return 1;
  if (x <= -6) return -1;
  double term = x, sum = x, q = 2 * x * x;
  for (int n = 1; n < 120; n++) {
    term = term * q / (2 * n + 1);
    sum = sum + term;
  }
  return 1.1283791670955126 * kb_m_exp(-(x * x)) * sum;
}

#endif
