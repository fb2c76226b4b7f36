// Encoding over 16-lane vectors; included behind vector_exact.h.

static void values(const kb_matrix *w, uint32_t tile, float *out) {
  uint32_t padded = kb_padded_columns(w->type, w->cols);
  if (!w->tiled) {
    kb_scalar_values(w, tile, out);
    return;
  }
  const float *v = decode_tile(w, tile, 0, padded, out);
  if (v != out) memcpy(out, v, (size_t)padded * KB_TILE * 4);
  // A code of 0 times a negative scale is -0; padding is +0.
  memset(out + (size_t)w->cols * KB_TILE, 0, (size_t)(padded - w->cols) * KB_TILE * 4);
}

// Elements of a source may begin at any byte.
typedef _Float16 source_f16 __attribute__((ext_vector_type(16), aligned(1)));
typedef uint16_t source_bf16 __attribute__((ext_vector_type(16), aligned(1)));
typedef float source_f32 __attribute__((ext_vector_type(16), aligned(1)));
typedef double source_f64 __attribute__((ext_vector_type(16), aligned(1)));

static void widen(int source, const void *in, size_t n, float *out) {
  const uint8_t *p = in;
  size_t i = 0;
  if (source == KB_SOURCE_F16)
    for (; i + KB_TILE <= n; i += KB_TILE) store(out + i, __builtin_convertvector(*(const source_f16 *)(p + 2 * i), v16f));
  else if (source == KB_SOURCE_BF16)
    for (; i + KB_TILE <= n; i += KB_TILE) store(out + i, (v16f)(__builtin_convertvector(*(const source_bf16 *)(p + 2 * i), v16u) << 16));
  else if (source == KB_SOURCE_F64)
    for (; i + KB_TILE <= n; i += KB_TILE) store(out + i, __builtin_convertvector(*(const source_f64 *)(p + 8 * i), v16f));
  else
    for (; i + KB_TILE <= n; i += KB_TILE) store(out + i, *(const source_f32 *)(p + 4 * i));
  int width = source == KB_SOURCE_F64 ? 8 : source == KB_SOURCE_F32 ? 4 : 2;
  kb_scalar_widen(source, p + width * i, n - i, out + i);
}

static size_t scan(int source, const void *in, size_t n, float *magnitude) {
  enum { CHUNK = 1024 };
  float chunk[CHUNK];
  v16u largest = {0};
  size_t bad = n, i = 0;
  for (; i + CHUNK <= n; i += CHUNK) {
    const uint8_t *p = (const uint8_t *)in + i * (source == KB_SOURCE_F64 ? 8 : source == KB_SOURCE_F32 ? 4 : 2);
    widen(source, p, CHUNK, chunk);
    v16u m = {0};
    for (int c = 0; c < CHUNK; c += KB_TILE) {
      v16u u = *(const v16u *)(chunk + c) & 0x7fffffff;
      m = u > m ? u : m;
    }
    largest = m > largest ? m : largest;
    for (int l = 0; l < KB_TILE && bad == n; l++)
      if (m[l] >= 0x7f800000) {
        float ignored;
        bad = i + kb_scalar_scan(source, p, CHUNK, &ignored);
      }
  }
  float rest;
  const uint8_t *p = (const uint8_t *)in + i * (source == KB_SOURCE_F64 ? 8 : source == KB_SOURCE_F32 ? 4 : 2);
  size_t found = kb_scalar_scan(source, p, n - i, &rest);
  if (bad == n) bad = i + found;
  uint32_t top = kb_bits(rest);
  for (int l = 0; l < KB_TILE; l++) top = largest[l] > top ? largest[l] : top;
  *magnitude = kb_float(top);
  return bad;
}

static void tile(const float *rows, size_t stride, uint32_t cols, float *out) {
  uint32_t c = 0;
  for (; c + KB_TILE <= cols; c += KB_TILE)
    transpose16((const uint32_t *)rows + c, stride, (uint32_t *)out + (size_t)c * KB_TILE, KB_TILE);
  kb_scalar_tile(rows + c, stride, cols - c, out + (size_t)c * KB_TILE);
}

static void untile(const uint32_t *in, uint32_t units, uint32_t rows, uint32_t *out, size_t stride) {
  uint32_t u = 0;
  if (rows == KB_TILE)
    for (; u + KB_TILE <= units; u += KB_TILE) transpose16(in + (size_t)u * KB_TILE, KB_TILE, out + u, stride);
  kb_scalar_untile(in + (size_t)u * KB_TILE, units - u, rows, out + u, stride);
}

typedef struct { v16d squared_error, squared_value, squared_stored, max_abs_error; } error16;

INLINE error16 load_error(const kb_tile_error *e) {
  return (error16){*(const v16d *)e->squared_error, *(const v16d *)e->squared_value, *(const v16d *)e->squared_stored,
                   *(const v16d *)e->max_abs_error};
}
INLINE void store_error(kb_tile_error *e, error16 v) {
  *(v16d *)e->squared_error = v.squared_error;
  *(v16d *)e->squared_value = v.squared_value;
  *(v16d *)e->squared_stored = v.squared_stored;
  *(v16d *)e->max_abs_error = v.max_abs_error;
}
INLINE void note_error16(error16 *e, v16f value, v16f stored) {
  v16d v = __builtin_convertvector(value, v16d), s = __builtin_convertvector(stored, v16d);
  v16d d = v - s, a = d < 0 ? -d : d;
  e->squared_error += d * d;
  e->squared_value += v * v;
  e->squared_stored += s * s;
  e->max_abs_error = a > e->max_abs_error ? a : e->max_abs_error;
}

static int64_t encode_float(int type, const float *in, uint32_t cols, uint32_t *units, kb_tile_error *error) {
  if (type == KB_F32) {
    memcpy(units, in, (size_t)cols * KB_TILE * 4);
    error16 e = load_error(error);
    for (uint32_t c = 0; c < cols; c++) note_error16(&e, load(in + (size_t)c * KB_TILE), load(in + (size_t)c * KB_TILE));
    store_error(error, e);
    return -1;
  }
  error16 e = load_error(error);
  for (uint32_t c = 0; c < cols; c += 2) {
    v16u code[2];
    for (int k = 0; k < 2; k++) {
      v16f v = load(in + (size_t)(c + k) * KB_TILE), stored;
      if (type == KB_F16) {
        v16h h = __builtin_convertvector(v, v16h);
        stored = __builtin_convertvector(h, v16f);
        code[k] = __builtin_convertvector((v16s)h, v16u);
      } else {
        v16u u = (v16u)v;
        code[k] = (u + 0x7fff + (u >> 16 & 1)) >> 16;
        stored = (v16f)(code[k] << 16);
      }
      v16u s = (v16u)stored & 0x7fffffff;
      for (int l = 0; l < KB_TILE; l++)
        if (s[l] >= 0x7f800000) return (int64_t)(c + k) * KB_TILE + l;
      note_error16(&e, v, stored);
    }
    *(v16u *)(units + (size_t)c / 2 * KB_TILE) = code[0] | code[1] << 16;
  }
  store_error(error, e);
  return -1;
}

// ---- quantizers: a lane is a row, so a group of each of 16 rows is searched at once -----

INLINE v16f code16(v16f w, v16f reciprocal, kb_code_range codes) {
  v16f q = round16(w * reciprocal);
  q = select16(q < codes.low, splat(codes.low), q);
  return select16(q > codes.high, splat(codes.high), q);
}

INLINE void fit16(const float *w, uint32_t n, v16f reciprocal, kb_code_range codes, v16f *wq, v16f *qq) {
  v16f a = splat(0), b = splat(0);
  for (uint32_t c = 0; c < n; c++, w += KB_TILE) {
    v16f v = load(w), q = code16(v, reciprocal, codes);
    a = fma16(v, q, a);
    b = fma16(q, q, b);
  }
  *wq = a;
  *qq = b;
}

/// 1 / x, and 0 where x is 0.
INLINE v16f reciprocal16(v16f x) { return select16(x != 0, splat(1) / x, splat(0)); }

INLINE v16f short16(v16f s) {
  s = select16(s < -127, splat(-127), s);
  return select16(s > 127, splat(127), s);
}

/// Takes short scales where they cost less than the best so far, but for the sum of squares that all have in common.
INLINE void try_short16(const float *w, uint32_t n, kb_code_range codes, v16f s, v16f *scale, v16f *least) {
  v16f wq, qq;
  fit16(w, n, reciprocal16(s), codes, &wq, &qq);
  v16f cost = s * (s * qq - 2 * wq);
  v16i less = cost < *least;
  *least = select16(less, cost, *least);
  *scale = select16(less, s, *scale);
}

INLINE v16f search_short16(const float *w, uint32_t n, kb_code_range codes, v16f extreme) {
  v16f scale = splat(0), least = splat(0);
  for (int i = 0; i < codes.level_count; i++)
    try_short16(w, n, codes, short16(round16(extreme / codes.levels[i])), &scale, &least);
  for (int i = 0; i < KB_REFITS; i++) {
    v16f middle = scale;
    try_short16(w, n, codes, short16(middle - 1), &scale, &least);
    try_short16(w, n, codes, short16(middle + 1), &scale, &least);
  }
  return scale;
}

INLINE v16f choose16(const float *w, uint32_t n, int method, kb_code_range codes) {
  v16f largest = splat(0), extreme = splat(0);
  for (uint32_t c = 0; c < n; c++) {
    v16f v = load(w + (size_t)c * KB_TILE), a = (v16f)((v16u)v & 0x7fffffff);
    v16i more = a > largest;
    largest = select16(more, a, largest);
    extreme = select16(more, v, extreme);
  }
  if (method == KB_RTN) return largest / codes.high;
  if (method == KB_SHORT_RTN) return short16(__builtin_elementwise_ceil(largest / codes.high));
  if (method == KB_SHORT_SEARCH) return search_short16(w, n, codes, extreme);
  v16f best = splat(0), scale = splat(0), wq, qq;
  v16i zero = largest == 0;
  for (int i = 0; i < codes.level_count; i++) {
    fit16(w, n, select16(zero, splat(0), splat(codes.levels[i]) / extreme), codes, &wq, &qq);
    v16f score = select16(qq > 0, wq * wq / qq, splat(0));
    v16i more = score > best;
    best = select16(more, score, best);
    scale = select16(more, wq / qq, scale);
  }
  for (int i = 0; i < KB_REFITS; i++) {
    fit16(w, n, reciprocal16(scale), codes, &wq, &qq);
    scale = select16(qq > 0, wq / qq, splat(0));
  }
  return scale;
}

static void quantize(int type, int method, const float *in, uint32_t cols, uint32_t group, int exponent, uint32_t *units,
                     uint16_t *scales, kb_tile_error *error) {
  kb_code_range codes = kb_codes_of(type);
  float unit = kb_power_of_two(-exponent), w[128 * KB_TILE];
  double unit64 = kb_power_of_two(exponent), square_unit = unit64 * unit64;
  uint32_t block = kb_block_columns(type), block_units = kb_block_units(type);
  error16 e = load_error(error);
  for (uint32_t begin = 0; begin < cols; begin += group, scales += KB_TILE) {
    uint32_t n = begin + group < cols ? group : cols - begin;
    for (uint32_t c = 0; c < n; c++) store(w + c * KB_TILE, load(in + (size_t)(begin + c) * KB_TILE) * unit);
    v16h h = method == KB_GIVEN ? (v16h)*(const v16s *)scales : __builtin_convertvector(choose16(w, n, method, codes), v16h);
    v16f scale = __builtin_convertvector(h, v16f), reciprocal = reciprocal16(scale);
    v16s bits = (v16s)h;
    *(v16s *)scales = bits == 0x8000 ? bits - bits : bits;
    v16f squared_error = splat(0), squared_value = splat(0), squared_stored = splat(0), largest = splat(0);
    for (uint32_t c = 0; c < n; c += block, units += block_units * KB_TILE) {
      v16u u[6] = {0};
      for (uint32_t k = 0; k < block; k++) {
        v16f v = load(w + (c + k) * KB_TILE), q = code16(v, reciprocal, codes), d = fma16(-q, scale, v);
        v16u code = (v16u)__builtin_convertvector(q, v16i);
        kb_place low = kb_low_place(type, k), high = kb_high_place(type, k);
        u[low.unit] |= (code & ((1u << low.count) - 1)) << low.bit;
        if (high.count > 0) u[high.unit] |= (code >> low.count & ((1u << high.count) - 1)) << high.bit;
        v16f a = (v16f)((v16u)d & 0x7fffffff);
        squared_error = fma16(d, d, squared_error);
        squared_value = fma16(v, v, squared_value);
        squared_stored = fma16(v - d, v - d, squared_stored);
        largest = select16(a > largest, a, largest);
      }
      for (uint32_t i = 0; i < block_units; i++) *(v16u *)(units + i * KB_TILE) = u[i];
    }
    v16d a = __builtin_convertvector(largest, v16d) * unit64;
    e.squared_error += __builtin_convertvector(squared_error, v16d) * square_unit;
    e.squared_value += __builtin_convertvector(squared_value, v16d) * square_unit;
    e.squared_stored += __builtin_convertvector(squared_stored, v16d) * square_unit;
    e.max_abs_error = a > e.max_abs_error ? a : e.max_abs_error;
  }
  store_error(error, e);
}
