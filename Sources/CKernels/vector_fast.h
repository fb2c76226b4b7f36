// Fast kernels over 16-lane vectors: int8 activations times int8 or int4 weights, summed as integers within groups of 32 columns.
// The file that includes it defines how four bytes are multiplied: dot_signed, dot_unsigned, and KB_BIASED (1 where int8 weights
// are made unsigned by adding 128).
#include "fast_layout.h"

typedef int8_t v16c __attribute__((ext_vector_type(16), aligned(1)));

static void quantize_rows(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed) {
  kb_fast_rows out = kb_fast_rows_at(packed, tokens, cols);
  uint32_t groups = kb_fast_groups(cols);
  for (uint32_t t = 0, n; t < tokens; t += n) {
    n = kb_fast_block(tokens - t);
    for (uint32_t i = 0; i < n; i++) {
      const float *row = x + (t + i) * stride;
      for (uint32_t g = 0; g < groups; g++) {
        uint32_t left = cols - g * KB_FAST_GROUP;
        v16f a = left >= 16 ? load(row) : load_part(row, left);
        v16f b = left >= 32 ? load(row + 16) : left > 16 ? load_part(row + 16, left - 16) : splat(0);
        v16u m = (v16u)a & 0x7fffffff, k = (v16u)b & 0x7fffffff;  // magnitudes order like their bits
        float largest = kb_float(__builtin_reduce_max(m > k ? m : k));
        float scale = largest / 127.0f, reciprocal = largest > 0 ? 127.0f / largest : 0;
        v16i p = __builtin_convertvector(round16(a * reciprocal), v16i), q = __builtin_convertvector(round16(b * reciprocal), v16i);
        size_t at = (size_t)g * n + i;
        *(v16c *)(out.codes + at * 32) = __builtin_convertvector(p, v16c);
        *(v16c *)(out.codes + at * 32 + 16) = __builtin_convertvector(q, v16c);
        out.scales[at] = scale;
        out.sums[at] = __builtin_reduce_add(p + q);
        row += KB_FAST_GROUP;
      }
    }
    out.codes += (size_t)groups * n * 32;
    out.scales += (size_t)groups * n;
    out.sums += (size_t)groups * n;
  }
}

/// The units of a group of 32 columns of 16 rows, as eight vectors of four bytes a lane; `units` of them are stored.
INLINE void load_group(const uint8_t *codes, bool int4, uint32_t columns, v16i *w) {
  if (int4) {
    _Pragma("unroll") for (uint32_t i = 0; i < 4; i++) {
      v16u u = i * 8 < columns ? *(const v16u *)(codes + 64 * i) ^ 0x88888888 : (v16u)0x88888888;
      w[2 * i] = (v16i)(u & 0x0f0f0f0f);
      w[2 * i + 1] = (v16i)(u >> 4 & 0x0f0f0f0f);
    }
  } else {
    _Pragma("unroll") for (uint32_t i = 0; i < 8; i++) {
      v16u u = i * 4 < columns ? *(const v16u *)(codes + 64 * i) : (v16u)0;
      w[i] = (v16i)(KB_BIASED ? u ^ 0x80808080 : u);
    }
  }
}

/// Sums of all groups of a tile for n tokens.
#define FAST_BLOCK(n)                                                                                                           \
  INLINE void fast_block_##n(const kb_matrix *m, uint32_t tile, bool int4, const int8_t *x, const float *xs, const int32_t *xsum, \
                             float *y, size_t y_stride) {                                                                       \
    const uint8_t *codes = m->codes + tile * m->tile_stride;                                                                    \
    uint32_t groups = (m->cols + m->group - 1) / m->group, step = m->group / KB_FAST_GROUP, bytes = int4 ? 256 : 512;            \
    const uint16_t *scales = m->scales + (size_t)tile * groups * KB_TILE;                                                       \
    int32_t bias = int4 ? 8 : KB_BIASED ? 128 : 0;                                                                              \
    v16f sum[n], ws = splat(0);                                                                                                 \
    _Pragma("unroll") for (int t = 0; t < n; t++) sum[t] = splat(0);                                                            \
    uint32_t left = step;                                                                                                       \
    for (uint32_t c = 0; c < m->cols; c += KB_FAST_GROUP, codes += bytes, x += 32 * n, xs += n, xsum += n) {                    \
      if (left == step) {                                                                                                       \
        ws = group_scales(m, scales);                                                                                           \
        scales += KB_TILE;                                                                                                      \
        left = 0;                                                                                                               \
      }                                                                                                                         \
      left++;                                                                                                                   \
      v16i w[8];                                                                                                                \
      if (m->cols - c >= KB_FAST_GROUP) load_group(codes, int4, KB_FAST_GROUP, w);                                              \
      else load_group(codes, int4, m->cols - c, w);                                                                             \
      _Pragma("unroll") for (int t = 0; t < n; t++) {                                                                           \
        v16i acc = (v16i)(-bias * xsum[t]);                                                                                     \
        _Pragma("unroll") for (int i = 0; i < 8; i++) {                                                                         \
          int32_t four;                                                                                                         \
          memcpy(&four, x + 32 * t + 4 * i, 4);                                                                                 \
          acc = int4 || KB_BIASED ? dot_unsigned(acc, w[i], four) : dot_signed(acc, w[i], four);                                \
        }                                                                                                                       \
        sum[t] = fma16(__builtin_convertvector(acc, v16f), ws * xs[t], sum[t]);                                                 \
      }                                                                                                                         \
    }                                                                                                                           \
    _Pragma("unroll") for (int t = 0; t < n; t++) store(y + t * y_stride, sum[t]);                                              \
  }
FAST_BLOCK(1)
FAST_BLOCK(2)
FAST_BLOCK(4)
FAST_BLOCK(8)
FAST_BLOCK(16)

INLINE void matmul_fast_type(const kb_matrix *m, bool int4, const void *packed, uint32_t tokens, uint32_t tile_begin,
                             uint32_t tile_end, float *y, size_t y_stride) {
  uint32_t groups = kb_fast_groups(m->cols);
  for (uint32_t tile = tile_begin; tile < tile_end; tile++) {
    kb_fast_rows x = kb_fast_rows_at((void *)packed, tokens, m->cols);
    for (uint32_t t = 0, n; t < tokens; t += n) {
      n = kb_fast_block(tokens - t);
      float *out = y + t * y_stride + tile * KB_TILE;
      switch (n) {
        case 1: fast_block_1(m, tile, int4, x.codes, x.scales, x.sums, out, y_stride); break;
        case 2: fast_block_2(m, tile, int4, x.codes, x.scales, x.sums, out, y_stride); break;
        case 4: fast_block_4(m, tile, int4, x.codes, x.scales, x.sums, out, y_stride); break;
        case 8: fast_block_8(m, tile, int4, x.codes, x.scales, x.sums, out, y_stride); break;
        default: fast_block_16(m, tile, int4, x.codes, x.scales, x.sums, out, y_stride); break;
      }
      x.codes += (size_t)groups * n * 32;
      x.scales += (size_t)groups * n;
      x.sums += (size_t)groups * n;
    }
  }
}

static void matmul_fast(const kb_matrix *m, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                        size_t y_stride) {
  if (m->type == KB_INT4) matmul_fast_type(m, true, packed, tokens, tile_begin, tile_end, y, y_stride);
  else matmul_fast_type(m, false, packed, tokens, tile_begin, tile_end, y, y_stride);
}
