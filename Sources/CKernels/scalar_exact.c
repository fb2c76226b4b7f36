// The reference: what every other kernel set must equal, written as formats/numerics.md says it.
#include "math64.h"
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

void kb_scalar_pack(const float *x, size_t stride, uint32_t tokens, uint32_t cols, float *packed) {
  for (uint32_t t = 0; t < tokens; t++)
    for (uint32_t c = 0; c < cols; c++) packed[(size_t)t * cols + c] = x[t * stride + c];
}

void kb_scalar_matmul(const kb_matrix *w, const float *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                      size_t y_stride) {
  for (uint32_t row = tile_begin * KB_TILE; row < tile_end * KB_TILE; row++) {
    for (uint32_t t = 0; t < tokens; t++) y[t * y_stride + row] = 0;
    if (row >= w->rows) continue;
    for (uint32_t c = 0; c < w->cols; c++) {
      float value = kb_s_value(w, row, c);
      for (uint32_t t = 0; t < tokens; t++) {
        float *out = y + t * y_stride + row;
        *out = __builtin_fmaf(value, packed[(size_t)t * w->cols + c], *out);
      }
    }
  }
}

void kb_scalar_row(const kb_matrix *w, uint32_t row, float *out) {
  for (uint32_t c = 0; c < w->cols; c++) out[c] = kb_s_value(w, row, c);
}

/// Adds sixteen lanes in a tree.
static float lanes_sum(float *lane) {
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] + lane[l + step];
  return lane[0];
}

float kb_scalar_dot(const float *a, const float *b, uint32_t n) {
  float lane[KB_TILE] = {0};
  for (uint32_t i = 0; i < n; i++) lane[i % KB_TILE] = __builtin_fmaf(a[i], b[i], lane[i % KB_TILE]);
  return lanes_sum(lane);
}

void kb_scalar_axpy(float s, const float *a, uint32_t n, float *y) {
  for (uint32_t i = 0; i < n; i++) y[i] = __builtin_fmaf(s, a[i], y[i]);
}

void kb_scalar_rms_norm(const float *x, const float *w, float eps, uint32_t n, float *y) {
  float r = 1.0f / __builtin_sqrtf(kb_scalar_dot(x, x, n) / (float)n + eps);
  for (uint32_t i = 0; i < n; i++) y[i] = w[i] * (x[i] * r);
}

void kb_scalar_gated_add(float *x, const float *gate, const float *a, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) x[i] = __builtin_fmaf(gate[i], x[i], a[i]);
}

void kb_scalar_add(float *y, const float *a, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) y[i] = y[i] + a[i];
}

/// The activations that no published checkpoint uses are evaluated in binary64, for every instruction set.
float kb_gelu(int kind, float g) {
  double x = (double)g;
  double inner = kind == KB_GELU ? kb_m_erf(x * 0.7071067811865476)
                                 : kb_m_tanh(0.7978845608028654 * (x + 0.044715 * (x * x * x)));
  return (float)(0.5 * x * (1 + inner));
}

void kb_scalar_activate(int kind, float *gate, const float *up, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    float g = gate[i];
    float a = kind == KB_SILU ? g / (1.0f + kb_s_exp(-g)) : kind == KB_RELU ? (g > 0 ? g : 0) : kb_gelu(kind, g);
    gate[i] = a * up[i];
  }
}

void kb_scalar_rotate(float *x, const float *cosine, const float *sine, uint32_t half) {
  for (uint32_t i = 0; i < half; i++) {
    float a = x[i], b = x[i + half];
    x[i] = __builtin_fmaf(-b, sine[i], a * cosine[i]);
    x[i + half] = __builtin_fmaf(a, sine[i], b * cosine[i]);
  }
}

float kb_scalar_softmax(float *scores, const float *mask, float scale, uint32_t begin, uint32_t end, uint32_t padded) {
  float max = -__builtin_inff(), lane[KB_TILE] = {0};
  for (uint32_t j = begin; j < end; j++) {
    scores[j] = __builtin_fmaf(scores[j], scale, mask[j]);
    if (scores[j] > max) max = scores[j];
  }
  for (uint32_t j = 0; j < padded; j++) {
    scores[j] = j >= begin && j < end ? kb_s_exp(scores[j] - max) : 0;
    if (j >= begin && j < end) lane[j % KB_TILE] = lane[j % KB_TILE] + scores[j];
  }
  return lanes_sum(lane);
}

uint32_t kb_scalar_read_memory(const void *p, size_t bytes) {
  uint32_t x = 0, word;
  for (size_t i = 0; i + 4 <= bytes; i += 4) {
    memcpy(&word, (const uint8_t *)p + i, 4);
    x ^= word;
  }
  return x;
}

void kb_scalar_divide(const float *x, float divisor, uint32_t n, float *y) {
  for (uint32_t i = 0; i < n; i++) y[i] = x[i] / divisor;
}
