// Activations as int8 codes for the fast kernels. Included behind vector_lanes.h and fast_layout.h.

typedef int32_t v32i __attribute__((ext_vector_type(32)));
typedef int8_t v32c __attribute__((ext_vector_type(32), aligned(1)));
typedef uint8_t v32b __attribute__((ext_vector_type(32)));
typedef uint16_t v32s __attribute__((ext_vector_type(32)));

INLINE int32_t sum_of_bytes(v32b bytes) { return __builtin_reduce_add(__builtin_convertvector(bytes, v32s)); }

/// Codes of a group of 32 columns and what belongs to it.
INLINE void quantize_group(v16f a, v16f b, const kb_fast_rows *out, size_t at) {
  v16u m = (v16u)a & 0x7fffffff, k = (v16u)b & 0x7fffffff;  // magnitudes order like their bits
  float largest = kb_float(__builtin_reduce_max(__builtin_elementwise_max(m, k)));
  float reciprocal = largest >= KB_FAST_LEAST ? 127.0f / largest : 0;
  // What is not finite has no code, not even by way of 0: its scale says it.
  if (!(largest <= 0x1.fffffep127f)) {
    a = b = splat(0);
    reciprocal = 0;
  }
  // The addition rounds to whole numbers; their low bytes are the low bytes of its bits.
  v16i p = (v16i)(a * reciprocal + 12582912.0f), q = (v16i)(b * reciprocal + 12582912.0f);
  v32i both = __builtin_shufflevector(p, q, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
                                      24, 25, 26, 27, 28, 29, 30, 31);
  v32c codes = __builtin_convertvector(both, v32c), magnitudes = __builtin_elementwise_abs(codes);
  *(v32c *)(out->codes + at * 32) = codes;
  *(v32c *)(out->magnitudes + at * 32) = magnitudes;
  *(v32c *)(out->signs + at * 32) = codes >> 7;
  kb_fast_note(out, at, largest, sum_of_bytes((v32b)codes ^ 0x80) - 32 * 0x80, sum_of_bytes((v32b)magnitudes));
}

static void quantize_rows(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed) {
  uint32_t groups = kb_fast_groups(cols);
  uint8_t *block = packed;
  for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, cols)) {
    n = kb_fast_block(tokens - t);
    kb_fast_rows out = kb_fast_rows_at(block, n, cols);
    for (uint32_t i = 0; i < n; i++) {
      const float *row = x + (t + i) * stride;
      for (uint32_t g = 0; g < groups; g++, row += KB_FAST_GROUP) {
        uint32_t left = cols - g * KB_FAST_GROUP;
        if (left >= 32) {
          quantize_group(load(row), load(row + 16), &out, (size_t)g * n + i);
        } else {
          v16f first = left >= 16 ? load(row) : load_part(row, left);
          quantize_group(first, left > 16 ? load_part(row + 16, left - 16) : splat(0), &out, (size_t)g * n + i);
        }
      }
    }
    kb_fast_finish(&out, (size_t)n * groups);
  }
}
