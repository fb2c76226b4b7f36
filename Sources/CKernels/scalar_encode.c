// Encoding, scalar: source elements to binary32, tiles to units, the quantizers of formats/numerics.md, section 5.
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

static float source_value(int source, const uint8_t *in, size_t i) {
  uint16_t h;
  float f;
  double d;
  switch (source) {
    case KB_SOURCE_F16: memcpy(&h, in + 2 * i, 2); return kb_s_widen_f16(h);
    case KB_SOURCE_BF16: memcpy(&h, in + 2 * i, 2); return kb_s_widen_bf16(h);
    case KB_SOURCE_F64: memcpy(&d, in + 8 * i, 8); return (float)d;
    default: memcpy(&f, in + 4 * i, 4); return f;
  }
}

void kb_scalar_values(const kb_matrix *w, uint32_t tile, float *out) {
  memset(out, 0, (size_t)kb_padded_columns(w->type, w->cols) * KB_TILE * 4);
  for (uint32_t l = 0; l < KB_TILE && tile * KB_TILE + l < w->rows; l++)
    for (uint32_t c = 0; c < w->cols; c++) out[(size_t)c * KB_TILE + l] = kb_s_value(w, tile * KB_TILE + l, c);
}

void kb_scalar_widen(int source, const void *in, size_t n, float *out) {
  for (size_t i = 0; i < n; i++) out[i] = source_value(source, in, i);
}

size_t kb_scalar_scan(int source, const void *in, size_t n, float *magnitude) {
  uint32_t largest = 0;
  size_t bad = n;
  for (size_t i = 0; i < n; i++) {
    uint32_t u = kb_bits(source_value(source, in, i)) & 0x7fffffff;
    if (u > largest) largest = u;
    if (u >= 0x7f800000 && bad == n) bad = i;
  }
  *magnitude = kb_float(largest);
  return bad;
}

void kb_scalar_tile(const float *rows, size_t stride, uint32_t cols, float *out) {
  for (uint32_t c = 0; c < cols; c++)
    for (int l = 0; l < KB_TILE; l++) out[(size_t)c * KB_TILE + l] = rows[l * stride + c];
}

void kb_scalar_untile(const uint32_t *in, uint32_t units, uint32_t rows, uint32_t *out, size_t stride) {
  for (uint32_t r = 0; r < rows; r++)
    for (uint32_t u = 0; u < units; u++) out[r * stride + u] = in[(size_t)u * KB_TILE + r];
}

static void note_error(kb_tile_error *e, int lane, float value, float stored) {
  double d = (double)value - (double)stored, a = d < 0 ? -d : d;
  e->squared_error[lane] = e->squared_error[lane] + d * d;
  e->squared_value[lane] = e->squared_value[lane] + (double)value * (double)value;
  e->squared_stored[lane] = e->squared_stored[lane] + (double)stored * (double)stored;
  if (a > e->max_abs_error[lane]) e->max_abs_error[lane] = a;
}

int64_t kb_scalar_encode_float(int type, const float *in, uint32_t cols, uint32_t *units, kb_tile_error *error) {
  uint32_t per = kb_block_columns(type);
  memset(units, 0, (size_t)cols / per * KB_TILE * 4);
  for (uint32_t c = 0; c < cols; c++)
    for (uint32_t l = 0; l < KB_TILE; l++) {
      float value = in[(size_t)c * KB_TILE + l], stored = value;
      uint32_t code = kb_bits(value);
      if (type != KB_F32) {
        code = type == KB_F16 ? kb_s_f16(value) : kb_s_bf16(value);
        stored = type == KB_F16 ? kb_s_widen_f16((uint16_t)code) : kb_s_widen_bf16((uint16_t)code);
        if ((kb_bits(stored) & 0x7fffffff) >= 0x7f800000) return (int64_t)c * KB_TILE + l;
      }
      units[(size_t)(c / per) * KB_TILE + l] |= code << (c % per * 16);
      note_error(error, (int)l, value, stored);
    }
  return -1;
}

// ---- quantizers: one group of one lane (row); w(c) is scaled by 2^-E -------------------

typedef struct { const float *in; uint32_t begin, end; float unit; kb_code_range codes; } group;

static float element(const group *g, uint32_t c) { return g->in[(size_t)c * KB_TILE] * g->unit; }

static float code_of(const group *g, float w, float reciprocal) {
  float q = kb_round(w * reciprocal);
  return q < g->codes.low ? g->codes.low : q > g->codes.high ? g->codes.high : q;
}

/// The sums of the least-squares scale for the codes that `reciprocal` gives.
static void fit(const group *g, float reciprocal, float *wq, float *qq) {
  *wq = 0;
  *qq = 0;
  for (uint32_t c = g->begin; c < g->end; c++) {
    float w = element(g, c), q = code_of(g, w, reciprocal);
    *wq = __builtin_fmaf(w, q, *wq);
    *qq = __builtin_fmaf(q, q, *qq);
  }
}

static float short_scale(float s) { return s < -127 ? -127 : s > 127 ? 127 : s; }

/// Takes a short scale where it costs less than the best so far, but for the sum of squares that all have in common.
static void try_short(const group *g, float s, float *scale, float *least) {
  float wq, qq;
  if (s == 0) return;
  fit(g, 1.0f / s, &wq, &qq);
  float cost = s * (s * qq - 2 * wq);
  if (cost < *least) { *least = cost; *scale = s; }
}

static float search_short(const group *g, float extreme) {
  float scale = 0, least = 0;
  for (int i = 0; i < g->codes.level_count; i++)
    try_short(g, short_scale(kb_round(extreme / g->codes.levels[i])), &scale, &least);
  for (int i = 0; i < KB_REFITS; i++) {
    float middle = scale;
    try_short(g, short_scale(middle - 1), &scale, &least);
    try_short(g, short_scale(middle + 1), &scale, &least);
  }
  return scale;
}

static float choose_scale(const group *g, int method) {
  float largest = 0, extreme = 0;
  for (uint32_t c = g->begin; c < g->end; c++) {
    float w = element(g, c), a = __builtin_fabsf(w);
    if (a > largest) { largest = a; extreme = w; }
  }
  if (largest == 0) return 0;
  if (method == KB_RTN) return largest / g->codes.high;
  if (method == KB_SHORT_RTN) return short_scale(__builtin_ceilf(largest / g->codes.high));
  if (method == KB_SHORT_SEARCH) return search_short(g, extreme);
  float best = 0, scale = 0, wq, qq;
  for (int i = 0; i < g->codes.level_count; i++) {
    fit(g, g->codes.levels[i] / extreme, &wq, &qq);
    if (qq > 0 && wq * wq / qq > best) { best = wq * wq / qq; scale = wq / qq; }
  }
  for (int i = 0; i < KB_REFITS; i++) {
    fit(g, scale != 0 ? 1.0f / scale : 0, &wq, &qq);
    scale = qq > 0 ? wq / qq : 0;
  }
  return scale;
}

void kb_scalar_quantize(int type, int method, const float *in, uint32_t cols, uint32_t group_size, int exponent, uint32_t *units,
                        uint16_t *scales, kb_tile_error *error) {
  uint32_t block = kb_block_columns(type), block_units = kb_block_units(type);
  double unit = kb_power_of_two(exponent);
  memset(units, 0, (size_t)cols / block * block_units * KB_TILE * 4);
  for (uint32_t begin = 0, index = 0; begin < cols; begin += group_size, index++) {
    uint32_t end = begin + group_size < cols ? begin + group_size : cols;
    for (uint32_t l = 0; l < KB_TILE; l++) {
      group g = {in + l, begin, end, kb_power_of_two(-exponent), kb_codes_of(type)};
      uint16_t h = method == KB_GIVEN ? scales[index * KB_TILE + l] : kb_s_f16(choose_scale(&g, method));
      float scale = kb_s_widen_f16(h), reciprocal = scale != 0 ? 1.0f / scale : 0;
      scales[index * KB_TILE + l] = scale != 0 ? h : 0;
      float squared_error = 0, squared_value = 0, squared_stored = 0, largest = 0;
      for (uint32_t c = begin; c < end; c++) {
        float w = element(&g, c), q = code_of(&g, w, reciprocal), d = __builtin_fmaf(-q, scale, w);
        kb_put_code(type, (uint32_t)(int32_t)q, c % block, units + (size_t)(c / block) * block_units * KB_TILE + l, KB_TILE);
        squared_error = __builtin_fmaf(d, d, squared_error);
        squared_value = __builtin_fmaf(w, w, squared_value);
        squared_stored = __builtin_fmaf(w - d, w - d, squared_stored);
        if (__builtin_fabsf(d) > largest) largest = __builtin_fabsf(d);
      }
      error->squared_error[l] = error->squared_error[l] + squared_error * (unit * unit);
      error->squared_value[l] = error->squared_value[l] + squared_value * (unit * unit);
      error->squared_stored[l] = error->squared_stored[l] + squared_stored * (unit * unit);
      if (largest * unit > error->max_abs_error[l]) error->max_abs_error[l] = largest * unit;
    }
  }
}

const kb_kernels kb_scalar = {
  .name = "scalar", .token_block = 1,
  .pack = kb_scalar_pack, .matmul = kb_scalar_matmul, .row = kb_scalar_row, .dot = kb_scalar_dot, .axpy = kb_scalar_axpy,
  .quantize_rows = kb_scalar_quantize_rows, .matmul_fast = kb_scalar_matmul_fast,
  .rms_norm = kb_scalar_rms_norm, .gated_add = kb_scalar_gated_add, .add = kb_scalar_add, .activate = kb_scalar_activate,
  .rotate = kb_scalar_rotate, .softmax = kb_scalar_softmax, .divide = kb_scalar_divide,
  .quantize_head = kb_scalar_quantize_head, .attend = kb_scalar_attend, .merge = kb_scalar_merge,
  .read_memory = kb_scalar_read_memory, .log_sum_exp = kb_scalar_log_sum_exp, .compare_logits = kb_scalar_compare_logits,
  .largest = kb_scalar_largest, .kth_largest = kb_scalar_kth_largest, .often_reached = kb_scalar_often_reached,
  .reaching = kb_scalar_reaching, .weigh = kb_scalar_weigh, .add_until = kb_scalar_add_until, .mass_cut = kb_scalar_mass_cut,
  .drop_unlikely = kb_scalar_drop_unlikely,
  .values = kb_scalar_values, .widen = kb_scalar_widen, .scan = kb_scalar_scan, .tile = kb_scalar_tile, .untile = kb_scalar_untile,
  .encode_float = kb_scalar_encode_float, .quantize = kb_scalar_quantize,
};
