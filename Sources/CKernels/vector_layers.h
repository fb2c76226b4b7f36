// The rest of a layer: norms, residuals, activations, rotation, softmax; and reading memory for its bandwidth. Included behind
// vector_products.h.

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

typedef uint32_t v16u_anywhere __attribute__((ext_vector_type(16), aligned(1)));

static uint32_t read_memory(const void *p, size_t bytes) {
  const uint8_t *b = p;
  v16u x[4] = {0};
  size_t i = 0;
  for (; i + 256 <= bytes; i += 256)
    _Pragma("unroll") for (int k = 0; k < 4; k++) x[k] ^= *(const v16u_anywhere *)(b + i + 64 * k);
  return __builtin_reduce_xor(x[0] ^ x[1] ^ x[2] ^ x[3]) ^ kb_scalar_read_memory(b + i, bytes - i);
}
