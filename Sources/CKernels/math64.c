// The binary64 functions and the few routines that need no instruction set of their own.
#include "ckernels.h"
#include "math64.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

double kb_exp64(double x) { return kb_m_exp(x); }
double kb_log64(double x) { return kb_m_log(x); }
double kb_tanh64(double x) { return kb_m_tanh(x); }
double kb_erf64(double x) { return kb_m_erf(x); }
double kb_pow64(double base, double exponent) { return kb_m_exp(exponent * kb_m_log(base)); }
float kb_exp32(float x) { return kb_s_exp(x); }

kb_sine_cosine kb_sincos64(double x) {
  double k = kb_round64(x * 0.6366197723675814);
  double r = ((x - k * 1.5707963267341256) - k * 6.077100506303966e-11) - k * 2.0222662487959506e-21;
  double q = r * r, s = 1, c = 1;
  for (int i = 17; i > 1; i -= 2) s = 1 - s * q / (i * (i - 1));
  for (int i = 18; i > 0; i -= 2) c = 1 - c * q / (i * (i - 1));
  s = s * r;
  switch ((int64_t)k & 3) {
    case 0: return (kb_sine_cosine){s, c};
    case 1: return (kb_sine_cosine){c, -s};
    case 2: return (kb_sine_cosine){-s, -c};
    default: return (kb_sine_cosine){-c, s};
  }
}

float kb_dynamic_mask(float a, float z) { return (float)kb_m_exp((double)a * kb_m_softplus((double)z)); }

uint16_t kb_f16_from_f32(float x) { return kb_s_f16(x); }
float kb_f32_from_f16(uint16_t h) { return kb_s_widen_f16(h); }
uint16_t kb_bf16_from_f32(float x) { return kb_s_bf16(x); }
