// The reference of fast mode: int8 activations, exact integer sums within groups of 32 columns (formats/numerics.md, section 7).
#include "fast_layout.h"
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

size_t kb_fast_bytes(uint32_t tokens, uint32_t cols) {
  return (size_t)tokens * kb_fast_groups(cols) * (KB_FAST_GROUP + sizeof(float) + sizeof(int32_t));
}

void kb_scalar_quantize_rows(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed) {
  kb_fast_rows out = kb_fast_rows_at(packed, tokens, cols);
  uint32_t groups = kb_fast_groups(cols);
  for (uint32_t t = 0, n; t < tokens; t += n) {
    n = kb_fast_block(tokens - t);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t g = 0; g < groups; g++) {
        const float *row = x + (t + i) * stride + g * KB_FAST_GROUP;
        uint32_t count = cols - g * KB_FAST_GROUP < KB_FAST_GROUP ? cols - g * KB_FAST_GROUP : KB_FAST_GROUP;
        float largest = 0;
        for (uint32_t c = 0; c < count; c++)
          if (__builtin_fabsf(row[c]) > largest) largest = __builtin_fabsf(row[c]);
        float reciprocal = largest > 0 ? 127.0f / largest : 0;
        size_t at = (size_t)g * n + i;
        out.scales[at] = largest / 127.0f;
        out.sums[at] = 0;
        for (uint32_t c = 0; c < KB_FAST_GROUP; c++) {
          int8_t q = c < count ? (int8_t)kb_round(row[c] * reciprocal) : 0;
          out.codes[at * KB_FAST_GROUP + c] = q;
          out.sums[at] += q;
        }
      }
    out.codes += (size_t)groups * n * KB_FAST_GROUP;
    out.scales += (size_t)groups * n;
    out.sums += (size_t)groups * n;
  }
}

void kb_scalar_matmul_fast(const kb_matrix *w, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                           size_t y_stride) {
  uint32_t groups = kb_fast_groups(w->cols);
  kb_fast_rows x = kb_fast_rows_at((void *)packed, tokens, w->cols);
  for (uint32_t t = 0, n; t < tokens; t += n) {
    n = kb_fast_block(tokens - t);
    for (uint32_t row = tile_begin * KB_TILE; row < tile_end * KB_TILE; row++)
      for (uint32_t i = 0; i < n; i++) {
        float sum = 0;
        for (uint32_t g = 0; g < groups && row < w->rows; g++) {
          size_t at = (size_t)g * n + i;
          int32_t dot = 0;
          for (uint32_t c = 0; c < KB_FAST_GROUP && g * KB_FAST_GROUP + c < w->cols; c++)
            dot += kb_s_code(w, row, g * KB_FAST_GROUP + c) * x.codes[at * KB_FAST_GROUP + c];
          sum = __builtin_fmaf((float)dot, kb_s_scale(w, row, g * KB_FAST_GROUP / w->group) * x.scales[at], sum);
        }
        y[(t + i) * y_stride + row] = sum;
      }
    x.codes += (size_t)groups * n * KB_FAST_GROUP;
    x.scales += (size_t)groups * n;
    x.sums += (size_t)groups * n;
  }
}
