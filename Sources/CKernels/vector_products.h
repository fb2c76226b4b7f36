// Products with a matrix and of vectors. Included behind vector_decode.h and vector_pack.h.

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
