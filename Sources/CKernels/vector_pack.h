// The packing of a product's inputs: blocks of tokens, column by column. Included behind vector_lanes.h.

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
