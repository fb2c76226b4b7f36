// Single values: conversions between float types, the value of a stored element, exp. The scalar kernels are made of these.
#ifndef KB_VALUES_H
#define KB_VALUES_H

#include "ckernels.h"
#include <string.h>

static inline uint32_t kb_bits(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
static inline float kb_float(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }

/// f32 to binary16, nearest-even; magnitudes of 65520 and more become infinity.
static inline uint16_t kb_s_f16(float x) {
  uint32_t u = kb_bits(x), sign = u >> 16 & 0x8000;
  u &= 0x7fffffff;
  if (u >= 0x7f800000) return (uint16_t)(sign | (u > 0x7f800000 ? 0x7e00 : 0x7c00));
  if (u >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (u < 0x38800000)  // subnormal: adding 0.5 lets the addition round to a multiple of 2^-24
    return (uint16_t)(sign | (kb_bits(kb_float(u) + 0.5f) - kb_bits(0.5f)));
  u += 0xfff + (u >> 13 & 1);
  return (uint16_t)(sign | ((u - 0x38000000) >> 13));
}

static inline float kb_s_widen_f16(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, u = (uint32_t)(h & 0x7fff) << 13;
  if (u >= 0x0f800000) return kb_float(sign | 0x70000000 | u);  // infinity, NaN
  return kb_float(sign | kb_bits(kb_float(u) * 0x1p112f));      // exact, subnormals too
}

/// f32 to bfloat16, nearest-even; x is finite.
static inline uint16_t kb_s_bf16(float x) {
  uint32_t u = kb_bits(x);
  return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

static inline float kb_s_widen_bf16(uint16_t h) { return kb_float((uint32_t)h << 16); }

static inline float kb_power_of_two(int n) { return kb_float((uint32_t)(n + 127) << 23); }  // -126 <= n <= 127

/// Round half to even, for |x| < 2^22.
static inline float kb_round(float x) {
#pragma STDC FP_CONTRACT OFF
  return (x + 12582912.0f) - 12582912.0f;
}

static inline float kb_s_exp(float x) {
#pragma STDC FP_CONTRACT OFF
  if (x > 88.3762626647949f) x = 88.3762626647949f;
  if (!(x >= -87.3365448f)) return x != x ? x : 0;
  float z = __builtin_fmaf(x, 1.44269504f, 12582912.0f), n = z - 12582912.0f;
  float r = __builtin_fmaf(n, -0.693147182f, x);
  r = __builtin_fmaf(n, 1.90465421e-9f, r);
  float p = 1.0f / 5040;
  p = __builtin_fmaf(p, r, 1.0f / 720);
  p = __builtin_fmaf(p, r, 1.0f / 120);
  p = __builtin_fmaf(p, r, 1.0f / 24);
  p = __builtin_fmaf(p, r, 1.0f / 6);
  p = __builtin_fmaf(p, r, 0.5f);
  p = __builtin_fmaf(p, r, 1.0f);
  p = __builtin_fmaf(p, r, 1.0f);
  return p * kb_power_of_two((int)n);
}

static inline uint32_t kb_columns_per_unit(int type) {
  return type == KB_F32 ? 1 : type == KB_F16 || type == KB_BF16 ? 2 : type == KB_INT8 ? 4 : 8;
}

/// The code at a row and column of a quantized matrix.
static inline int32_t kb_s_code(const kb_matrix *m, uint32_t row, uint32_t column) {
  uint32_t per = kb_columns_per_unit(m->type), unit = column / per, in = column % per;
  size_t lanes = m->tiled ? KB_TILE : 1, lane = m->tiled ? row % KB_TILE : 0, line = m->tiled ? row / KB_TILE : row;
  uint32_t u;
  memcpy(&u, m->codes + line * m->tile_stride + (unit * lanes + lane) * 4, 4);
  return m->type == KB_INT8 ? (int32_t)(u << (24 - 8 * in)) >> 24
                            : (int32_t)(u << (28 - 8 * (in % 4) - 4 * (in / 4))) >> 28;
}

/// The scale of a group of a row.
static inline float kb_s_scale(const kb_matrix *m, uint32_t row, uint32_t group) {
  size_t lanes = m->tiled ? KB_TILE : 1, lane = m->tiled ? row % KB_TILE : 0, line = m->tiled ? row / KB_TILE : row;
  uint32_t groups = (m->cols + m->group - 1) / m->group;
  uint16_t h;
  memcpy(&h, m->scales + (line * groups + group) * lanes + lane, 2);
  return kb_s_widen_f16(h) * m->scale_unit;
}

/// The value at a row and column.
static inline float kb_s_value(const kb_matrix *m, uint32_t row, uint32_t column) {
  uint32_t per = kb_columns_per_unit(m->type), unit = column / per, in = column % per;
  size_t lanes = m->tiled ? KB_TILE : 1, lane = m->tiled ? row % KB_TILE : 0, line = m->tiled ? row / KB_TILE : row;
  uint32_t u;
  memcpy(&u, m->codes + line * m->tile_stride + (unit * lanes + lane) * 4, 4);
  if (m->type == KB_F32) return kb_float(u);
  if (m->type == KB_F16) return kb_s_widen_f16((uint16_t)(u >> 16 * in));
  if (m->type == KB_BF16) return kb_s_widen_bf16((uint16_t)(u >> 16 * in));
  return (float)kb_s_code(m, row, column) * kb_s_scale(m, row, column / m->group);
}

#endif
