// The reference of fast mode: int8 activations, exact integer sums within groups of 32 columns (formats/numerics.md, section 7).
#include "fast_layout.h"
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

const uint32_t kb_zero = 0;

size_t kb_fast_bytes(uint32_t tokens, uint32_t cols) {
  return kb_fast_size(tokens, cols);
}

void kb_scalar_quantize_rows(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed) {
  uint32_t groups = kb_fast_groups(cols);
  uint8_t *block = packed;
  for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, cols)) {
    n = kb_fast_block(tokens - t);
    kb_fast_rows out = kb_fast_rows_at(block, n, cols);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t g = 0; g < groups; g++) {
        const float *row = x + (t + i) * stride + g * KB_FAST_GROUP;
        uint32_t count = cols - g * KB_FAST_GROUP < KB_FAST_GROUP ? cols - g * KB_FAST_GROUP : KB_FAST_GROUP;
        uint32_t magnitude = 0;  // magnitudes order like their bits, and NaN comes last
        for (uint32_t c = 0; c < count; c++)
          if ((kb_bits(row[c]) & 0x7fffffff) > magnitude) magnitude = kb_bits(row[c]) & 0x7fffffff;
        float largest = kb_float(magnitude);
        bool usable = largest >= KB_FAST_LEAST && largest <= 0x1.fffffep127f;
        float reciprocal = usable ? 127.0f / largest : 0;
        size_t at = (size_t)g * n + i;
        int32_t sum = 0, magnitudes = 0;
        for (uint32_t c = 0; c < KB_FAST_GROUP; c++) {
          int8_t q = usable && c < count ? (int8_t)kb_round(row[c] * reciprocal) : 0;
          out.codes[at * KB_FAST_GROUP + c] = q;
          out.magnitudes[at * KB_FAST_GROUP + c] = (int8_t)(q < 0 ? -q : q);
          out.signs[at * KB_FAST_GROUP + c] = q < 0 ? -1 : 0;
          sum += q;
          magnitudes += q < 0 ? -q : q;
        }
        kb_fast_note(&out, at, largest, sum, magnitudes);
      }
    kb_fast_finish(&out, (size_t)n * groups);
  }
}

void kb_scalar_matmul_fast(const kb_matrix *w, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                           size_t y_stride) {
  uint32_t groups = kb_fast_groups(w->cols);
  const uint8_t *block = packed;
  for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, w->cols)) {
    n = kb_fast_block(tokens - t);
    kb_fast_rows x = kb_fast_rows_at(block, n, w->cols);
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
  }
}
