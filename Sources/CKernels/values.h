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

// ---- how codes lie: in blocks, the fewest columns of a row that fill whole units -------

/// Columns of a block.
static inline uint32_t kb_block_columns(int type) {
  switch (type) {
    case KB_F32: return 1;
    case KB_F16: case KB_BF16: return 2;
    case KB_INT8: return 4;
    case KB_INT4: return 8;
    case KB_INT2: return 16;
    default: return 32;
  }
}

/// Units of a block.
static inline uint32_t kb_block_units(int type) { return type == KB_INT3 ? 3 : type == KB_INT5 ? 5 : type == KB_INT6 ? 6 : 1; }

/// Bits of a code of a quantized type.
static inline uint32_t kb_code_bits(int type) { return (uint32_t)type & 15; }

/// Columns of a row with its padding.
static inline uint32_t kb_padded_columns(int type, uint32_t cols) {
  uint32_t step = kb_block_columns(type) > 4 ? kb_block_columns(type) : 4;
  return (cols + step - 1) / step * step;
}

/// Some bits of a unit of a block: the lowest of them, and how many they are.
typedef struct { uint32_t unit, bit, count; } kb_place;

/// Where pairs of bits of a block's columns lie, from a unit on: four columns in the lowest bits of the bytes, four above them, and so on.
static inline kb_place kb_pair_place(uint32_t unit, uint32_t column) {
  return (kb_place){unit + column / 16, 8 * (column % 4) + 2 * (column % 16 / 4), 2};
}

/// Where the code of a block's column lies, or its low bits.
static inline kb_place kb_low_place(int type, uint32_t column) {
  uint32_t byte = 8 * (column % 4), odd = column / 4 % 2;
  if (type == KB_INT8) return (kb_place){0, byte, 8};
  if (type == KB_INT2) return kb_pair_place(0, column);
  if (type != KB_INT3) return (kb_place){column / 8, byte + 4 * odd, 4};
  return column < 24 ? (kb_place){column / 8, byte + 3 * odd, 3} : (kb_place){odd, byte + 6, 2};
}

/// Where the other bits lie: of int5, int6 and the last 8 columns of int3.
static inline kb_place kb_high_place(int type, uint32_t column) {
  if (type == KB_INT6) return kb_pair_place(4, column);
  if (type == KB_INT5 || (type == KB_INT3 && column >= 24))
    return (kb_place){type == KB_INT3 ? 2 : 4, 8 * (column % 4) + column / 4, 1};
  return (kb_place){0, 0, 0};
}

/// Adds a code to the units of its block, which are `stride` units apart.
static inline void kb_put_code(int type, uint32_t code, uint32_t column, uint32_t *units, size_t stride) {
  kb_place low = kb_low_place(type, column), high = kb_high_place(type, column);
  units[low.unit * stride] |= (code & ((1u << low.count) - 1)) << low.bit;
  units[high.unit * stride] |= (code >> low.count & ((1u << high.count) - 1)) << high.bit;
}

static inline uint32_t kb_load_unit(const uint8_t *units, size_t index) {
  uint32_t u;
  memcpy(&u, units + 4 * index, 4);
  return u;
}

/// The bits at a place of a block.
static inline uint32_t kb_place_bits(const uint8_t *units, size_t stride, kb_place place) {
  return kb_load_unit(units, place.unit * stride) >> place.bit & ((1u << place.count) - 1);
}

/// The code of a column of a block; the block's units are `stride` units apart.
static inline int32_t kb_s_block_code(int type, const uint8_t *units, size_t stride, uint32_t column) {
  kb_place low = kb_low_place(type, column), high = kb_high_place(type, column);
  uint32_t code = kb_place_bits(units, stride, low) | kb_place_bits(units, stride, high) << low.count;
  uint32_t above = 32 - kb_code_bits(type);
  return (int32_t)(code << above) >> above;
}

/// The units of the block with a column of a row, and how far apart they are.
static inline const uint8_t *kb_s_block(const kb_matrix *m, uint32_t row, uint32_t column, size_t *stride) {
  uint32_t lane = m->tiled ? row % KB_TILE : 0, line = m->tiled ? row / KB_TILE : row;
  *stride = m->tiled ? KB_TILE : 1;
  return m->codes + line * m->tile_stride +
         ((size_t)(column / kb_block_columns(m->type)) * kb_block_units(m->type) * *stride + lane) * 4;
}

/// The code at a row and column of a quantized matrix.
static inline int32_t kb_s_code(const kb_matrix *m, uint32_t row, uint32_t column) {
  size_t stride;
  const uint8_t *units = kb_s_block(m, row, column, &stride);
  return kb_s_block_code(m->type, units, stride, column % kb_block_columns(m->type));
}

/// The scale of a group of a row.
static inline float kb_s_scale(const kb_matrix *m, uint32_t row, uint32_t group) {
  size_t lanes = m->tiled ? KB_TILE : 1, lane = m->tiled ? row % KB_TILE : 0, line = m->tiled ? row / KB_TILE : row;
  uint32_t groups = (m->cols + m->group - 1) / m->group;
  size_t index = (line * groups + group) * lanes + lane;
  if (m->scale_bytes == 1) return (float)(int8_t)m->scales[index] * m->scale_unit;
  uint16_t h;
  memcpy(&h, m->scales + 2 * index, 2);
  return kb_s_widen_f16(h) * m->scale_unit;
}

/// The value at a row and column.
static inline float kb_s_value(const kb_matrix *m, uint32_t row, uint32_t column) {
  size_t stride;
  uint32_t u = kb_load_unit(kb_s_block(m, row, column, &stride), 0);
  if (m->type == KB_F32) return kb_float(u);
  if (m->type == KB_F16) return kb_s_widen_f16((uint16_t)(u >> 16 * (column % 2)));
  if (m->type == KB_BF16) return kb_s_widen_bf16((uint16_t)(u >> 16 * (column % 2)));
  return (float)kb_s_code(m, row, column) * kb_s_scale(m, row, column / m->group);
}

#endif
