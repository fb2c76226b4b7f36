// Fast kernels over 16-lane vectors: int8 activations times weights of 4 to 8 bits, summed as integers within groups of 32 columns.
// The file that includes it defines how four bytes are multiplied: dot_signed, dot_unsigned, and KB_BIASED (1 where int8 weights
// are made unsigned by adding 128).
#include "fast_layout.h"

typedef int8_t v16c __attribute__((ext_vector_type(16), aligned(1)));

static void quantize_rows(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed) {
  uint32_t groups = kb_fast_groups(cols);
  uint8_t *block = packed;
  for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, cols)) {
    n = kb_fast_block(tokens - t);
    kb_fast_rows out = kb_fast_rows_at(block, n, cols);
    for (uint32_t i = 0; i < n; i++) {
      const float *row = x + (t + i) * stride;
      for (uint32_t g = 0; g < groups; g++) {
        uint32_t left = cols - g * KB_FAST_GROUP;
        v16f a = left >= 16 ? load(row) : load_part(row, left);
        v16f b = left >= 32 ? load(row + 16) : left > 16 ? load_part(row + 16, left - 16) : splat(0);
        v16u m = (v16u)a & 0x7fffffff, k = (v16u)b & 0x7fffffff;  // magnitudes order like their bits
        float largest = kb_float(__builtin_reduce_max(m > k ? m : k));
        float scale = largest / 127.0f, reciprocal = largest >= KB_FAST_LEAST ? 127.0f / largest : 0;
        // What is not finite has no code, not even by way of 0: its scale says it.
        v16u kept = (v16u)0 - (uint32_t)(largest <= 0x1.fffffep127f);
        a = (v16f)((v16u)a & kept);
        b = (v16f)((v16u)b & kept);
        v16i p = __builtin_convertvector(round16(a * reciprocal), v16i), q = __builtin_convertvector(round16(b * reciprocal), v16i);
        size_t at = (size_t)g * n + i;
        *(v16c *)(out.codes + at * 32) = __builtin_convertvector(p, v16c);
        *(v16c *)(out.codes + at * 32 + 16) = __builtin_convertvector(q, v16c);
        out.scales[at] = scale;
        int32_t sum = __builtin_reduce_add(p + q);
        kb_fast_unbias(&out, at, sum);
        row += KB_FAST_GROUP;
      }
    }
  }
}

/// What codes of a type are made unsigned with: a bias is added, which flips the bit of the sign. int8 takes one for VNNI alone.
INLINE bool is_biased(int type) { return type != KB_INT8 || KB_BIASED; }
INLINE const int32_t *unbias_of(int type, kb_fast_rows x) {
  return type == KB_INT4 ? x.unbias8 : type == KB_INT5 ? x.unbias16 : type == KB_INT6 ? x.unbias32 : x.unbias128;
}

/// Bytes of the units of a group of 32 columns of 16 rows.
INLINE size_t group_bytes(int type) {
  return KB_FAST_GROUP / kb_block_columns(type) * kb_block_units(type) * KB_TILE * 4;
}

/// The codes of a group of 32 columns of 16 rows, of which `columns` are stored: eight vectors of four bytes a lane, biased.
INLINE void load_group(const uint8_t *codes, int type, uint32_t columns, v16i *w) {
  const v16u *units = (const v16u *)codes;
  if (type == KB_INT8) {
    _Pragma("unroll") for (uint32_t i = 0; i < 8; i++) {
      v16u u = i * 4 < columns ? units[i] : (v16u)0;
      w[i] = (v16i)(KB_BIASED ? u ^ 0x80808080 : u);
    }
  } else if (type == KB_INT4) {
    _Pragma("unroll") for (uint32_t i = 0; i < 4; i++) {
      v16u u = i * 8 < columns ? units[i] : (v16u)0;
      w[2 * i] = (v16i)((u & 0x0f0f0f0f) ^ 0x08080808);
      w[2 * i + 1] = (v16i)((u >> 4 & 0x0f0f0f0f) ^ 0x08080808);
    }
  } else {  // the last block of a row is a whole one
    v16u u[6];
    _Pragma("unroll") for (uint32_t i = 0; i < kb_block_units(type); i++) u[i] = units[i];
    // The bit of the sign is among the high bits: all of them are flipped at once.
    if (type == KB_INT5) u[4] = ~u[4];
    else u[4] ^= 0xaaaaaaaa, u[5] ^= 0xaaaaaaaa;
    _Pragma("unroll") for (uint32_t i = 0; i < 8; i++) w[i] = (v16i)four_codes(type, u, i);
  }
}

/// unbias + the products of a group with a token's 32 codes.
INLINE v16i group_dot(const v16i *w, int type, const int8_t *x, int32_t unbias) {
  v16i acc = (v16i)unbias;
  _Pragma("unroll") for (int i = 0; i < 8; i++) {
    int32_t four;
    memcpy(&four, x + 4 * i, 4);
    acc = is_biased(type) ? dot_unsigned(acc, w[i], four) : dot_signed(acc, w[i], four);
  }
  return acc;
}

/// Sums of all groups of a tile for n tokens.
#define FAST_BLOCK(n)                                                                                                         \
  INLINE void fast_block_##n(const kb_matrix *m, uint32_t tile, int type, kb_fast_rows x, float *y, size_t y_stride) {        \
    const uint8_t *codes = m->codes + tile * m->tile_stride;                                                                  \
    uint32_t groups = (m->cols + m->group - 1) / m->group, step = m->group / KB_FAST_GROUP, left = step;                      \
    const uint16_t *scales = m->scales + (size_t)tile * groups * KB_TILE;                                                     \
    const int32_t *unbias = unbias_of(type, x);                                                                               \
    v16f sum[n], ws = splat(0);                                                                                               \
    v16i w[8];                                                                                                                \
    _Pragma("unroll") for (int t = 0; t < n; t++) sum[t] = splat(0);                                                          \
    for (uint32_t c = 0; c < m->cols; c += KB_FAST_GROUP, codes += group_bytes(type)) {                                       \
      if (left == step) {                                                                                                     \
        ws = group_scales(m, scales);                                                                                         \
        scales += KB_TILE;                                                                                                    \
        left = 0;                                                                                                             \
      }                                                                                                                       \
      left++;                                                                                                                 \
      if (m->cols - c >= KB_FAST_GROUP) load_group(codes, type, KB_FAST_GROUP, w);                                            \
      else load_group(codes, type, m->cols - c, w);                                                                           \
      _Pragma("unroll") for (int t = 0; t < n; t++) {                                                                         \
        v16i d = group_dot(w, type, x.codes + 32 * t, is_biased(type) ? unbias[t] : 0);                                       \
        sum[t] = fma16(__builtin_convertvector(d, v16f), ws * x.scales[t], sum[t]);                                           \
      }                                                                                                                       \
      x.codes += 32 * n;                                                                                                      \
      x.scales += n;                                                                                                          \
      unbias += n;                                                                                                            \
    }                                                                                                                         \
    _Pragma("unroll") for (int t = 0; t < n; t++) store(y + t * y_stride, sum[t]);                                            \
  }
FAST_BLOCK(2)
FAST_BLOCK(4)
FAST_BLOCK(8)
FAST_BLOCK(16)

/// One token and whole groups of 32: what is the same for all tiles is made ready once. False where that could change a rounding.
INLINE bool fast_matvec(const kb_matrix *m, int type, kb_fast_rows x, uint32_t tile_begin, uint32_t tile_end, float *y) {
  enum { MOST = 512 };
  uint32_t groups = m->cols / KB_FAST_GROUP, step = m->group / KB_FAST_GROUP;
  float xs[MOST];
  // The exponent of the weights' scales goes into the activations': a power of two, which is exact but at the ends of the range.
  for (uint32_t g = 0; g < groups; g++) {
    xs[g] = x.scales[g] * m->scale_unit;
    if (x.scales[g] != 0 && !(xs[g] >= 0x1p-126f && xs[g] <= 0x1p100f)) return false;
  }
  const int32_t *unbias = unbias_of(type, x);
  for (uint32_t tile = tile_begin; tile < tile_end; tile++) {
    const uint8_t *codes = m->codes + tile * m->tile_stride;
    const v16h *scales = (const v16h *)(m->scales + (size_t)tile * ((groups + step - 1) / step) * KB_TILE);
    v16f sum = splat(0);
    for (uint32_t g = 0; g < groups; g++, codes += group_bytes(type)) {
      v16i w[8];
      load_group(codes, type, KB_FAST_GROUP, w);
      v16i d = group_dot(w, type, x.codes + 32 * g, is_biased(type) ? unbias[g] : 0);
      v16f ws = __builtin_convertvector(scales[step == 1 ? g : g / step], v16f);
      sum = fma16(__builtin_convertvector(d, v16f), ws * xs[g], sum);
    }
    store(y + tile * KB_TILE, sum);
  }
  return true;
}
FAST_BLOCK(1)

INLINE void matmul_fast_type(const kb_matrix *m, int type, const void *packed, uint32_t tokens, uint32_t tile_begin,
                             uint32_t tile_end, float *y, size_t y_stride) {
  if (tokens == 1 && m->cols % KB_FAST_GROUP == 0 && m->cols <= 512 * KB_FAST_GROUP &&
      fast_matvec(m, type, kb_fast_rows_at(packed, 1, m->cols), tile_begin, tile_end, y))
    return;
  for (uint32_t tile = tile_begin; tile < tile_end; tile++) {
    const uint8_t *block = packed;
    for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, m->cols)) {
      n = kb_fast_block(tokens - t);
      // While a tile serves its tokens, the next one comes from memory, a share for each block.
      size_t ahead = m->tile_stride * (tile + 1), from = ahead + m->tile_stride * t / tokens / 64 * 64;
      for (size_t to = ahead + m->tile_stride * (t + n) / tokens; tile + 1 < tile_end && from < to; from += 64)
        __builtin_prefetch(m->codes + from, 0, 2);
      kb_fast_rows x = kb_fast_rows_at(block, n, m->cols);
      float *out = y + t * y_stride + tile * KB_TILE;
      switch (n) {
        case 1: fast_block_1(m, tile, type, x, out, y_stride); break;
        case 2: fast_block_2(m, tile, type, x, out, y_stride); break;
        case 4: fast_block_4(m, tile, type, x, out, y_stride); break;
        case 8: fast_block_8(m, tile, type, x, out, y_stride); break;
        default: fast_block_16(m, tile, type, x, out, y_stride); break;
      }
    }
  }
}

static void matmul_fast(const kb_matrix *m, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                        size_t y_stride) {
  switch (m->type) {
    case KB_INT4: matmul_fast_type(m, KB_INT4, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT5: matmul_fast_type(m, KB_INT5, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT6: matmul_fast_type(m, KB_INT6, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    default: matmul_fast_type(m, KB_INT8, packed, tokens, tile_begin, tile_end, y, y_stride);
  }
}
