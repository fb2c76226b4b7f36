// The exact kernels over 16-lane vectors, in clang's vector extensions: one text for every instruction set. The file that includes
// it sets the target, KB_SET (the table's name) and KB_TOKENS (the largest block of tokens whose sums fit the registers).
#include "math64.h"
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF
// Vectors pass between functions of this file alone, and all of those are inlined: no ABI is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16f __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t v16i __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t v16u __attribute__((ext_vector_type(16), aligned(4)));
typedef double v16d __attribute__((ext_vector_type(16), aligned(8)));
typedef int64_t v16l __attribute__((ext_vector_type(16), aligned(8)));
typedef uint16_t v16s __attribute__((ext_vector_type(16), aligned(2)));
typedef _Float16 v16h __attribute__((ext_vector_type(16), aligned(2)));

#define INLINE static inline __attribute__((always_inline))

INLINE v16f load(const float *p) { return *(const v16f *)p; }
INLINE void store(float *p, v16f v) { *(v16f *)p = v; }
INLINE v16f splat(float x) { return (v16f)x; }
INLINE v16f fma16(v16f a, v16f b, v16f c) { return __builtin_elementwise_fma(a, b, c); }
INLINE v16f select16(v16i mask, v16f yes, v16f no) { return mask ? yes : no; }
INLINE v16f round16(v16f x) { return (x + 12582912.0f) - 12582912.0f; }

/// The first n lanes of p, zeros behind them.
INLINE v16f load_part(const float *p, uint32_t n) {
  float part[KB_TILE] = {0};
  memcpy(part, p, n * 4);
  return load(part);
}
INLINE void store_part(float *p, v16f v, uint32_t n) {
  float part[KB_TILE];
  store(part, v);
  memcpy(p, part, n * 4);
}
/// Runs `body` for whole vectors at i, then for the rest with `count` < 16 lanes.
#define FOR_LANES(n, body_whole, body_part)                 \
  do {                                                      \
    uint32_t i = 0;                                         \
    for (; i + KB_TILE <= (n); i += KB_TILE) { body_whole } \
    uint32_t count = (n) - i;                               \
    if (count) { body_part }                                \
  } while (0)

INLINE float sum_lanes(v16f v) {
  float lane[KB_TILE];
  store(lane, v);
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] + lane[l + step];
  return lane[0];
}

INLINE v16f exp16(v16f x) {
  v16i zero = x < -87.3365448f;
  x = select16(x > 88.3762626647949f, splat(88.3762626647949f), x);
  x = select16(zero, splat(0), x);
  v16f z = fma16(x, splat(1.44269504f), splat(12582912.0f)), n = z - 12582912.0f;
  v16f r = fma16(n, splat(-0.693147182f), x);
  r = fma16(n, splat(1.90465421e-9f), r);
  v16f p = splat(1.0f / 5040);
  p = fma16(p, r, splat(1.0f / 720));
  p = fma16(p, r, splat(1.0f / 120));
  p = fma16(p, r, splat(1.0f / 24));
  p = fma16(p, r, splat(1.0f / 6));
  p = fma16(p, r, splat(0.5f));
  p = fma16(p, r, splat(1.0f));
  p = fma16(p, r, splat(1.0f));
  v16i power = ((v16i)z - 0x4b400000 + 127) << 23;  // z's low bits are 12582912's plus n
  return select16(zero, splat(0), p * (v16f)power);
}

// ---- stored values --------------------------------------------------------------------

/// The 16 lanes' halves in the low 16 bits of u.
INLINE v16f halves(v16u u) { return __builtin_convertvector((v16h)__builtin_convertvector(u, v16s), v16f); }

INLINE v16f group_scales(const kb_matrix *w, const uint16_t *scales) {
  return __builtin_convertvector(*(const v16h *)scales, v16f) * w->scale_unit;
}

/// The codes of 4 consecutive columns of a block, a code in the low bits of each byte; `four` counts them by fours. Bits above those
/// of the type are 0, so that codes are not negative.
INLINE v16u four_codes(int type, const v16u *units, uint32_t four) {
  if (type == KB_INT8) return units[0];
  v16u low = units[four / 2] >> 4 * (four % 2) & 0x0f0f0f0f;
  if (type == KB_INT5) return low | ((four < 4 ? units[4] << (4 - four) : units[4] >> (four - 4)) & 0x10101010);
  if (type == KB_INT6) {
    v16u high = units[4 + four / 4];
    uint32_t in = four % 4;
    return low | ((in < 2 ? high << (4 - 2 * in) : high >> (2 * in - 4)) & 0x30303030);
  }
  return low;
}

/// Columns begin ..< end of a tile of integers, [columns][16].
INLINE void decode_codes(int type, const kb_matrix *w, uint32_t tile, uint32_t begin, uint32_t end, float *out) {
  const uint32_t block = kb_block_columns(type), block_bytes = kb_block_units(type) * KB_TILE * 4;
  const uint8_t *units = w->codes + tile * w->tile_stride + begin / block * block_bytes;
  uint32_t groups = (w->cols + w->group - 1) / w->group, until = begin;
  v16f scale = splat(0);
  for (uint32_t c = begin; c < end; units += block_bytes, c += block) {
    if (c >= until || c == begin) {
      uint32_t g = c / w->group;
      scale = group_scales(w, w->scales + ((size_t)tile * groups + g) * KB_TILE);
      until = (g + 1) * w->group;
    }
    _Pragma("unroll") for (uint32_t four = 0; four < block / 4; four++) {
      v16u codes = four_codes(type, (const v16u *)units, four);
      _Pragma("unroll") for (int k = 0; k < 4; k++, out += KB_TILE)
        store(out, __builtin_convertvector((v16i)(codes << (32 - type - 8 * k)) >> (32 - type), v16f) * scale);
    }
  }
}

/// Columns begin ..< end of a tile as binary32, [columns][16]; begin is a multiple of 64.
INLINE const float *decode_tile(const kb_matrix *w, uint32_t tile, uint32_t begin, uint32_t end, float *out) {
  const uint8_t *units = w->codes + tile * w->tile_stride;
  float *o = out;
  switch (w->type) {
    case KB_F32: return (const float *)units + (size_t)begin * KB_TILE;
    case KB_F16:
      units += (size_t)begin * 32;
      for (uint32_t c = begin; c < end; c += 2, units += 64, o += 32) {
        v16u u = *(const v16u *)units;
        store(o, halves(u & 0xffff));
        store(o + 16, halves(u >> 16));
      }
      break;
    case KB_BF16:
      units += (size_t)begin * 32;
      for (uint32_t c = begin; c < end; c += 2, units += 64, o += 32) {
        v16u u = *(const v16u *)units;
        store(o, (v16f)(u << 16));
        store(o + 16, (v16f)(u & 0xffff0000));
      }
      break;
    case KB_INT4: decode_codes(KB_INT4, w, tile, begin, end, out); break;
    case KB_INT5: decode_codes(KB_INT5, w, tile, begin, end, out); break;
    case KB_INT6: decode_codes(KB_INT6, w, tile, begin, end, out); break;
    default: decode_codes(KB_INT8, w, tile, begin, end, out);
  }
  return out;
}

/// 16 codes of a row whose units lie one after the other, from a column that is a multiple of 16.
INLINE v16f row_codes(int type, const uint8_t *units, uint32_t column) {
  typedef int8_t bytes16 __attribute__((ext_vector_type(16), aligned(1)));
  typedef uint8_t bytes8 __attribute__((ext_vector_type(8), aligned(1)));
  if (type == KB_INT8) return __builtin_convertvector(*(const bytes16 *)(units + column), v16f);
  const v16u fours = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}, bytes = {0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24};
  uint32_t half = type == KB_INT4 ? 0 : column % 32 / KB_TILE;
  units += column / kb_block_columns(type) * kb_block_units(type) * 4;
  bytes8 b = *(const bytes8 *)(units + 8 * half);
  v16u low = __builtin_convertvector(__builtin_shufflevector(b, b, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7), v16u);
  v16u codes = low >> 4 * (fours & 1) & 15;
  if (type == KB_INT5) codes |= ((v16u)kb_load_unit(units, 4) >> (bytes + fours + 4 * half) & 1) << 4;
  if (type == KB_INT6) codes |= ((v16u)kb_load_unit(units, 4 + half) >> (bytes + 2 * fours) & 3) << 4;
  return __builtin_convertvector((v16i)(codes << (32 - type)) >> (32 - type), v16f);
}

/// One row of a tiled matrix: a lane of each of its units.
static void tiled_row(const kb_matrix *w, uint32_t index, float *out) {
  const uint8_t *unit = w->codes + index / KB_TILE * w->tile_stride + index % KB_TILE * 4;
  // As many columns at a time as a group of any size and a block of any type divide.
  enum { COLUMNS = 32 };
  uint32_t block = kb_block_columns(w->type), padded = kb_padded_columns(w->type, w->cols), u[COLUMNS] = {0};
  float scale = 0, values[COLUMNS];
  for (uint32_t c = 0; c < w->cols; c += COLUMNS) {
    uint32_t units = (padded - c < COLUMNS ? padded - c : COLUMNS) / block * kb_block_units(w->type);
    for (uint32_t i = 0; i < units; i++, unit += 4 * KB_TILE) u[i] = kb_load_unit(unit, 0);
    if (w->group && c % w->group == 0) scale = kb_s_scale(w, index, c / w->group);
    for (uint32_t i = 0; i < COLUMNS; i += KB_TILE)
      switch (w->type) {
        case KB_F32: store(values + i, *(const v16f *)(u + i)); break;
        case KB_F16: store(values + i, __builtin_convertvector(*(const v16h *)(u + i / 2), v16f)); break;
        case KB_BF16: store(values + i, (v16f)(__builtin_convertvector(*(const v16s *)(u + i / 2), v16u) << 16)); break;
        default: store(values + i, row_codes(w->type, (const uint8_t *)u, i) * scale);
      }
    memcpy(out + c, values, (w->cols - c < COLUMNS ? w->cols - c : COLUMNS) * 4);
  }
}

/// One row. Rows of tables lie as they are read, the units of a tile 64 bytes apart.
static void row(const kb_matrix *w, uint32_t index, float *out) {
  if (w->tiled) {
    tiled_row(w, index, out);
    return;
  }
  if (w->type == KB_F32) {
    memcpy(out, w->codes + index * w->tile_stride, (size_t)w->cols * 4);
    return;
  }
  const uint8_t *units = w->codes + index * w->tile_stride;
  uint32_t c = 0;
  if (w->type == KB_F16) {
    for (; c + KB_TILE <= w->cols; c += KB_TILE) store(out + c, __builtin_convertvector(*(const v16h *)(units + 2 * c), v16f));
  } else if (w->type == KB_BF16) {
    for (; c + KB_TILE <= w->cols; c += KB_TILE)
      store(out + c, (v16f)(__builtin_convertvector(*(const v16s *)(units + 2 * c), v16u) << 16));
  } else {
    const _Float16 *scales = (const _Float16 *)w->scales + (size_t)index * ((w->cols + w->group - 1) / w->group);
    while (c + KB_TILE <= w->cols) {
      v16f scale = splat((float)*scales++ * w->scale_unit);
      uint32_t end = c + w->group < w->cols ? c + w->group : w->cols;
      for (; c + KB_TILE <= end; c += KB_TILE) store(out + c, row_codes(w->type, units, c) * scale);
    }
  }
  for (; c < w->cols; c++) out[c] = kb_s_value(w, index, c);
}

// ---- products -------------------------------------------------------------------------

/// The largest block of tokens that `left` tokens still fill: KB_TOKENS, or a power of two below it.
INLINE uint32_t block_of(uint32_t left) {
  if (left >= KB_TOKENS) return KB_TOKENS;
  uint32_t n = 1;
  while (n * 2 <= left && n * 2 < KB_TOKENS) n *= 2;
  return n;
}

/// Transposes 16 x 16 words: 16 rows a `stride` apart to 16 rows 16 apart.
INLINE void transpose16(const uint32_t *in, size_t in_stride, uint32_t *out, size_t out_stride) {
  v16u a[16], b[16];
  _Pragma("unroll") for (int i = 0; i < 16; i++) a[i] = *(const v16u *)(in + i * in_stride);
  // Four rounds, each interleaving row i with row i + 8, transpose as a perfect shuffle does.
#define ROUND(from, to)                                                                                                          \
  _Pragma("unroll") for (int i = 0; i < 8; i++) {                                                                                \
    to[2 * i] = __builtin_shufflevector(from[i], from[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);           \
    to[2 * i + 1] = __builtin_shufflevector(from[i], from[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); \
  }
  ROUND(a, b)
  ROUND(b, a)
  ROUND(a, b)
  ROUND(b, a)
#undef ROUND
  _Pragma("unroll") for (int i = 0; i < 16; i++) *(v16u *)(out + i * out_stride) = a[i];
}

INLINE v16f low_pairs(v16f a, v16f b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
INLINE v16f high_pairs(v16f a, v16f b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// 16 columns of n rows to 16 rows of n.
INLINE void pack16(const float *row, size_t stride, uint32_t n, float *out) {
  typedef uint32_t v8u __attribute__((ext_vector_type(8), aligned(4)));
  v16f a = load(row), b = load(row + stride);
  if (n == 2) {
    store(out, low_pairs(a, b));
    store(out + 16, high_pairs(a, b));
  } else if (n == 4) {
    v16f c = load(row + 2 * stride), d = load(row + 3 * stride);
    v16f ac = low_pairs(a, c), bd = low_pairs(b, d);
    store(out, low_pairs(ac, bd));
    store(out + 16, high_pairs(ac, bd));
    ac = high_pairs(a, c), bd = high_pairs(b, d);
    store(out + 32, low_pairs(ac, bd));
    store(out + 48, high_pairs(ac, bd));
  } else {
    uint32_t part[256];
    for (uint32_t first = 0; first < n; first += 16) {
      uint32_t rows = n - first < 16 ? 8 : 16;
      // Of half a transposed block, the other half is not used; it repeats the rows to stay inside of them.
      const uint32_t *source = (const uint32_t *)(row + first * stride);
      if (rows == 16) {
        transpose16(source, stride, (uint32_t *)out + first, n);
        continue;
      }
      for (int i = 0; i < 16; i++) *(v16u *)(part + 16 * i) = *(const v16u *)(source + i % 8 * stride);
      transpose16(part, 16, part, 16);
      for (int i = 0; i < 16; i++) *(v8u *)((uint32_t *)out + first + i * n) = *(const v8u *)(part + 16 * i);
    }
  }
}

static void pack(const float *x, size_t stride, uint32_t tokens, uint32_t cols, float *packed) {
  for (uint32_t t = 0, n; t < tokens; t += n, packed += (size_t)n * cols) {
    n = block_of(tokens - t);
    const float *rows = x + t * stride;
    uint32_t c = 0;
    if (n == 1) {
      memcpy(packed, rows, (size_t)cols * 4);
      continue;
    }
    if (n % 8 == 0 || n <= 4)
      for (; c + KB_TILE <= cols; c += KB_TILE) pack16(rows + c, stride, n, packed + (size_t)c * n);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t k = c; k < cols; k++) packed[(size_t)k * n + i] = rows[i * stride + k];
  }
}

/// Adds columns 0 ..< cols of a decoded tile to the sums of n tokens.
#define BLOCK(n)                                                                                                        \
  static void block_##n(const float *w, const float *x, uint32_t cols, bool first, float *y, size_t y_stride) {        \
    v16f sum[n];                                                                                                        \
    _Pragma("unroll") for (int i = 0; i < n; i++) sum[i] = first ? splat(0) : load(y + i * y_stride);                   \
    for (uint32_t c = 0; c < cols; c++, w += KB_TILE, x += n) {                                                         \
      v16f v = load(w);                                                                                                 \
      _Pragma("unroll") for (int i = 0; i < n; i++) sum[i] = fma16(v, splat(x[i]), sum[i]);                             \
    }                                                                                                                   \
    _Pragma("unroll") for (int i = 0; i < n; i++) store(y + i * y_stride, sum[i]);                                      \
  }
BLOCK(1)
BLOCK(2)
BLOCK(4)
#if KB_TOKENS > 8
BLOCK(8)
BLOCK(16)
#endif
#if KB_TOKENS == 24
BLOCK(24)
#else
BLOCK(6)
#endif

static void run_block(uint32_t n, const float *w, const float *x, uint32_t cols, bool first, float *y, size_t y_stride) {
  switch (n) {
    case 1: block_1(w, x, cols, first, y, y_stride); break;
    case 2: block_2(w, x, cols, first, y, y_stride); break;
    case 4: block_4(w, x, cols, first, y, y_stride); break;
#if KB_TOKENS == 24
    case 8: block_8(w, x, cols, first, y, y_stride); break;
    case 16: block_16(w, x, cols, first, y, y_stride); break;
    default: block_24(w, x, cols, first, y, y_stride); break;
#else
    default: block_6(w, x, cols, first, y, y_stride); break;
#endif
  }
}

/// A few tokens: several tiles at a time, so that enough chains of sums run side by side. Rows that are left are done one tile at a
/// time.
#define FEW_TOKENS(n, span_tiles)                                                                                         \
  static uint32_t few_##n(const kb_matrix *w, const float *x, uint32_t tile, uint32_t tile_end, float *y, size_t y_stride) { \
    enum { SPAN = 64, TILES = span_tiles };                                                                               \
    _Alignas(64) float decoded[TILES][SPAN * KB_TILE];                                                                    \
    for (; tile + TILES <= tile_end; tile += TILES) {                                                                     \
      v16f sum[TILES][n];                                                                                                 \
      _Pragma("unroll") for (int i = 0; i < TILES; i++)                                                                   \
        _Pragma("unroll") for (int t = 0; t < n; t++) sum[i][t] = splat(0);                                               \
      for (uint32_t begin = 0; begin < w->cols; begin += SPAN) {                                                          \
        uint32_t end = begin + SPAN < w->cols ? begin + SPAN : w->cols;                                                   \
        const float *v[TILES], *p = x + (size_t)begin * n;                                                                \
        _Pragma("unroll") for (int i = 0; i < TILES; i++) v[i] = decode_tile(w, tile + i, begin, end, decoded[i]);        \
        for (uint32_t c = 0; c < end - begin; c++, p += n)                                                                \
          _Pragma("unroll") for (int i = 0; i < TILES; i++) {                                                             \
            v16f value = load(v[i] + c * KB_TILE);                                                                        \
            _Pragma("unroll") for (int t = 0; t < n; t++) sum[i][t] = fma16(value, splat(p[t]), sum[i][t]);               \
          }                                                                                                               \
      }                                                                                                                   \
      _Pragma("unroll") for (int i = 0; i < TILES; i++)                                                                   \
        _Pragma("unroll") for (int t = 0; t < n; t++) store(y + t * y_stride + (tile + i) * KB_TILE, sum[i][t]);          \
    }                                                                                                                     \
    return tile;                                                                                                          \
  }
FEW_TOKENS(1, 4)
FEW_TOKENS(2, 4)
FEW_TOKENS(4, 2)

static void matmul(const kb_matrix *w, const float *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                   size_t y_stride) {
  enum { SPAN = 256 };  // a decoded span of a tile is 16 KiB: half of a first-level cache
  _Alignas(64) float decoded[SPAN * KB_TILE + 8 * KB_TILE];
  if (tokens == 1) tile_begin = few_1(w, packed, tile_begin, tile_end, y, y_stride);
  else if (tokens == 2) tile_begin = few_2(w, packed, tile_begin, tile_end, y, y_stride);
  else if (tokens == 4) tile_begin = few_4(w, packed, tile_begin, tile_end, y, y_stride);
  for (uint32_t tile = tile_begin; tile < tile_end; tile++)
    for (uint32_t begin = 0; begin < w->cols; begin += SPAN) {
      uint32_t end = begin + SPAN < w->cols ? begin + SPAN : w->cols;
      const float *v = decode_tile(w, tile, begin, end, decoded), *x = packed;
      for (uint32_t t = 0, n; t < tokens; t += n, x += (size_t)n * w->cols) {
        n = block_of(tokens - t);
        if (n == 0) break;
        run_block(n, v, x + (size_t)begin * n, end - begin, begin == 0, y + t * y_stride + tile * KB_TILE, y_stride);
      }
    }
}

static float dot(const float *a, const float *b, uint32_t n) {
  v16f sum = splat(0);
  FOR_LANES(n, sum = fma16(load(a + i), load(b + i), sum);,
            sum = fma16(load_part(a + i, count), load_part(b + i, count), sum););
  return sum_lanes(sum);
}

static void axpy(float s, const float *a, uint32_t n, float *y) {
  v16f v = splat(s);
  FOR_LANES(n, store(y + i, fma16(v, load(a + i), load(y + i)));,
            store_part(y + i, fma16(v, load_part(a + i, count), load_part(y + i, count)), count););
}

// ---- the rest of a layer --------------------------------------------------------------

static void rms_norm(const float *x, const float *w, float eps, uint32_t n, float *y) {
  float r = 1.0f / __builtin_sqrtf(dot(x, x, n) / (float)n + eps);
  FOR_LANES(n, store(y + i, load(w + i) * (load(x + i) * r));,
            store_part(y + i, load_part(w + i, count) * (load_part(x + i, count) * r), count););
}

static void gated_add(float *x, const float *gate, const float *a, uint32_t n) {
  FOR_LANES(n, store(x + i, fma16(load(gate + i), load(x + i), load(a + i)));,
            store_part(x + i, fma16(load_part(gate + i, count), load_part(x + i, count), load_part(a + i, count)), count););
}

static void add(float *y, const float *a, uint32_t n) {
  FOR_LANES(n, store(y + i, load(y + i) + load(a + i));,
            store_part(y + i, load_part(y + i, count) + load_part(a + i, count), count););
}

INLINE v16f silu16(v16f g) { return g / (splat(1) + exp16(-g)); }

static void activate(int kind, float *gate, const float *up, uint32_t n) {
  if (kind == KB_SILU) {
    FOR_LANES(n, store(gate + i, silu16(load(gate + i)) * load(up + i));,
              store_part(gate + i, silu16(load_part(gate + i, count)) * load_part(up + i, count), count););
  } else {
    kb_scalar_activate(kind, gate, up, n);
  }
}

INLINE void rotate16(float *x, float *y, v16f a, v16f b, v16f c, v16f s, uint32_t count) {
  v16f first = fma16(-b, s, a * c), second = fma16(a, s, b * c);
  if (count == KB_TILE) {
    store(x, first);
    store(y, second);
  } else {
    store_part(x, first, count);
    store_part(y, second, count);
  }
}

static void rotate(float *x, const float *cosine, const float *sine, uint32_t half) {
  FOR_LANES(half, rotate16(x + i, x + half + i, load(x + i), load(x + half + i), load(cosine + i), load(sine + i), KB_TILE);,
            rotate16(x + i, x + half + i, load_part(x + i, count), load_part(x + half + i, count), load_part(cosine + i, count),
                     load_part(sine + i, count), count););
}

static float softmax(float *scores, const float *mask, float scale, uint32_t begin, uint32_t end, uint32_t padded) {
  const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const v16f infinity = splat(__builtin_inff());
  uint32_t first = begin / KB_TILE * KB_TILE;
  v16f max = -infinity, sum = splat(0);
  for (uint32_t j = 0; j < first; j += KB_TILE) store(scores + j, splat(0));
  for (uint32_t j = first; j < end; j += KB_TILE) {
    v16f m = end - j >= KB_TILE ? load(mask + j) : load_part(mask + j, end - j);
    v16i seen = (lanes >= (int32_t)(begin - j)) & (lanes < (int32_t)(end - j));
    v16f s = select16(seen, fma16(load(scores + j), splat(scale), m), -infinity);
    store(scores + j, s);
    max = select16(s > max, s, max);
  }
  float lane[KB_TILE], largest = -__builtin_inff();
  store(lane, max);
  for (int l = 0; l < KB_TILE; l++)
    if (lane[l] > largest) largest = lane[l];
  uint32_t j = first;
  for (; j < end; j += KB_TILE) {
    v16f e = exp16(load(scores + j) - largest);
    store(scores + j, e);
    sum = sum + e;
  }
  for (; j < padded; j += KB_TILE) store(scores + j, splat(0));
  return sum_lanes(sum);
}

static void divide(const float *x, float divisor, uint32_t n, float *y) {
  FOR_LANES(n, store(y + i, load(x + i) / divisor);, store_part(y + i, load_part(x + i, count) / divisor, count););
}

static uint32_t read_memory(const void *p, size_t bytes) {
  const uint8_t *b = p;
  v16u x[4] = {0};
  size_t i = 0;
  for (; i + 256 <= bytes; i += 256)
    _Pragma("unroll") for (int k = 0; k < 4; k++) x[k] ^= *(const v16u *)(b + i + 64 * k);
  return __builtin_reduce_xor(x[0] ^ x[1] ^ x[2] ^ x[3]) ^ kb_scalar_read_memory(b + i, bytes - i);
}

// ---- logits ---------------------------------------------------------------------------

INLINE v16d exp64x16(v16d x) {
  static const double coefficients[] = KB_EXP64_COEFFICIENTS;
  v16l zero = x < -708.0;
  x = zero ? (v16d)0 : x;
  v16d z = x * 1.4426950408889634 + 6755399441055744.0, n = z - 6755399441055744.0;
  v16d r = (x - n * 0.6931471803691238) - n * 1.9082149292705877e-10, p = r - r + coefficients[0];
  for (int i = 1; i < 13; i++) p = p * r + coefficients[i];
  v16l power = ((v16l)z - 0x4338000000000000 + 1023) << 52;
  v16d out = (p * r + 1.0) * (v16d)power;
  return zero ? (v16d)0 : out;
}

INLINE double sum_lanes64(v16d v) {
  double lane[KB_TILE];
  *(v16d *)lane = v;
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] + lane[l + step];
  return lane[0];
}

/// Loads logits, the lanes past the end filled with `rest`.
INLINE v16d load_logits(const float *p, uint32_t count, float rest) {
  if (count >= KB_TILE) return __builtin_convertvector(load(p), v16d);
  float part[KB_TILE];
  for (uint32_t l = 0; l < KB_TILE; l++) part[l] = l < count ? p[l] : rest;
  return __builtin_convertvector(load(part), v16d);
}

static double log_sum_exp(const float *logits, uint32_t n) {
  float max = logits[0];
  for (uint32_t i = 1; i < n; i++) max = logits[i] > max ? logits[i] : max;
  v16d sum = {0};
  for (uint32_t i = 0; i < n; i += KB_TILE) sum += exp64x16(load_logits(logits + i, n - i, -__builtin_inff()) - (double)max);
  return (double)max + kb_m_log(sum_lanes64(sum));
}

static void compare_logits(const float *reference, const float *candidate, uint32_t n, kb_logit_difference *out) {
  kb_rank_logits(reference, candidate, n, out);
  double r_max = (double)reference[out->reference_top], c_max = (double)candidate[out->candidate_top];
  v16d r_exp = {0}, c_exp = {0}, weighted = {0}, squares = {0}, sum = {0}, sum_squares = {0}, largest = {0};
  uint32_t i = 0;
  for (; i + KB_TILE <= n; i += KB_TILE) {
    v16d r = load_logits(reference + i, KB_TILE, 0), c = load_logits(candidate + i, KB_TILE, 0), d = r - c;
    v16d e = exp64x16(r - r_max), a = d < 0 ? -d : d;
    r_exp += e;
    c_exp += exp64x16(c - c_max);
    weighted += e * d;
    squares += d * d;
    sum += r;
    sum_squares += r * r;
    largest = a > largest ? a : largest;
  }
  if (i < n) {  // excluded lanes add +0 to every sum
    v16d r = load_logits(reference + i, n - i, 0), c = load_logits(candidate + i, n - i, 0), d = r - c, a = d < 0 ? -d : d;
    v16d e = exp64x16(load_logits(reference + i, n - i, -__builtin_inff()) - r_max);
    r_exp += e;
    c_exp += exp64x16(load_logits(candidate + i, n - i, -__builtin_inff()) - c_max);
    weighted += e * d;
    squares += d * d;
    sum += r;
    sum_squares += r * r;
    largest = a > largest ? a : largest;
  }
  double total = sum_lanes64(r_exp), top = 0;
  for (int l = 0; l < KB_TILE; l++) top = largest[l] > top ? largest[l] : top;
  out->reference_lse = r_max + kb_m_log(total);
  out->candidate_lse = c_max + kb_m_log(sum_lanes64(c_exp));
  out->kl = sum_lanes64(weighted) / total - (out->reference_lse - out->candidate_lse);
  out->squared_difference = sum_lanes64(squares);
  out->max_abs_difference = top;
  out->reference_sum = sum_lanes64(sum);
  out->reference_square_sum = sum_lanes64(sum_squares);
}
