// Fast kernels: int8 activations times weights of 2 to 8 bits, summed as integers within groups of 32 columns.
// The file that includes it says how four bytes of a lane are multiplied:
//   KB_SIGNED: 1 where both factors may be negative. Otherwise the first may not, and codes are made unsigned with a bias.
//   KB_DOTS: 1 where add_dots(sum, w, x) adds products to sums of 32 bits. Otherwise products(w, x) are sums16 of 16 bits;
//            KB_RUN(type) of them are added up before add_pairs(sum, sums16) adds them to sums of 32 bits.
//   KB_FEW(n): how many tokens of a block of n take turns; KB_EACH_FEW begins the loop over them.
//   KB_KEEP(v): hides how v was made from the compiler, which else makes trees of chains of sums and runs out of registers.
#include "vector_quantize.h"
#include "vector_codes.h"

/// Four bytes in each lane.
INLINE vi four(const int8_t *bytes) {
  int32_t word;
  memcpy(&word, bytes, 4);
  return (vi)word;
}

/// The dot products of a group with the 32 codes of each of n tokens. Tokens and parts take turns, and one or two tokens have two
/// sums each: so no addition waits for the one before.
INLINE void group_dots(group_codes w, int n, const kb_fast_rows *x, const int32_t *unbias, vi d[][KB_PARTS]) {
#if KB_DOTS
  vi odd[KB_FAST_TOKENS][KB_PARTS];
  const bool two = n <= 2 && !w.decoded;
  EACH(t, n) EACH(p, KB_PARTS) d[t][p] = (vi)(is_biased(w.type) ? unbias[t] >> unbias_shift(w.type) : 0), odd[t][p] = (vi)0;
  EACH(i, 8) {
    vi code[KB_PARTS];
    EACH(p, KB_PARTS) code[p] = code_of(w, i, p);
    EACH(t, n) {
      vi v = four(x->codes + 32 * t + 4 * i);
      EACH(p, KB_PARTS)
        if (i % 2 && two) odd[t][p] = add_dots(odd[t][p], code[p], v);
        else d[t][p] = add_dots(d[t][p], code[p], v);
    }
  }
  EACH(t, n) EACH(p, KB_PARTS)
    if (w.raised) d[t][p] = KB_SIGNED ? (d[t][p] + odd[t][p]) >> 4 : d[t][p] + (odd[t][p] >> 4);
    else if (two) d[t][p] += odd[t][p];
#else
  const int run = KB_RUN(w.type);
  const bool flipped = KB_FLIPPED && w.type == KB_INT8;
  sums16 sum[KB_FAST_TOKENS][KB_PARTS];
  EACH(i, 8) {
    vi code[KB_PARTS];
    EACH(p, KB_PARTS) code[p] = code_of(w, i, p);
    EACH(t, n) {
      int at = 32 * t + 4 * i;
      vi v = four((flipped ? x->magnitudes : x->codes) + at), sign = flipped ? four(x->signs + at) : (vi)0;
      EACH(p, KB_PARTS) {
        sums16 more = flipped ? products(v, code[p] ^ sign) : products(code[p], v);
        sum[t][p] = i % run ? sum[t][p] + more : more;
        if (i % run == run - 1) {
          d[t][p] = add_pairs(i < run ? (vi)(is_biased(w.type) ? unbias[t] >> unbias_shift(w.type) : 0) : d[t][p], sum[t][p]);
          if (n > 1) KB_KEEP(d[t][p]);
        } else if (n > 1 || w.type == KB_INT3) KB_KEEP(sum[t][p]);  // the units of int3 fill registers, too
      }
    }
  }
#endif
}

INLINE void add_group(vf *sum, vi d, vf scale) { *sum = __builtin_elementwise_fma(__builtin_convertvector(d, vf), scale, *sum); }

/// The scales of a part of 16 rows, without the matrix's unit.
INLINE vf part_scales(const uint8_t *scales, int bytes, int part) {
  if (bytes == 1) return __builtin_convertvector(((const vc *)scales)[part], vf);
  return __builtin_convertvector(((const vh *)scales)[part], vf);
}

/// From one group of n tokens to the next, or past some tokens of a group.
INLINE void skip_tokens(kb_fast_rows *x, const int32_t **unbias, int n) {
  x->codes += 32 * n;
  x->magnitudes += 32 * n;
  x->signs += 32 * n;
  x->scales += n;
  *unbias += n;
}

/// Asks for memory that is read later.
INLINE void prefetch(const uint8_t *p, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(p + i, 0, 2);
}

/// Sums of all groups of a tile for a block of n tokens. `ahead`: codes so many bytes ahead are asked for meanwhile, if not 0.
INLINE void fast_block(const kb_matrix *m, uint32_t tile, int type, int n, size_t ahead, kb_fast_rows x, float *y,
                       size_t y_stride) {
  const int few = KB_FEW(n);
  const uint8_t *codes = m->codes + tile * m->tile_stride;
  uint32_t groups = (m->cols + m->group - 1) / m->group, step = m->group / KB_FAST_GROUP, left = step;
  const uint32_t scale_bytes = m->scale_bytes;
  const uint8_t *scales = m->scales + (size_t)tile * groups * KB_TILE * scale_bytes;
  const int32_t *unbias = unbias_of(type, &x);
  vf sum[KB_FAST_TOKENS][KB_PARTS], ws[KB_PARTS];
  vi decoded[8][KB_PARTS];
  EACH(t, n) EACH(p, KB_PARTS) sum[t][p] = (vf)0;
  for (uint32_t c = 0; c < m->cols; c += KB_FAST_GROUP, codes += group_bytes(type)) {
    if (left == step) {
      EACH(p, KB_PARTS) ws[p] = part_scales(scales, scale_bytes, p) * m->scale_unit;
      scales += KB_TILE * scale_bytes;
      left = 0;
    }
    left++;
    group_codes w = {codes, NULL, type, is_raised(type, n)};
    uint8_t part[8 * KB_TILE * 4];
    if (m->cols - c < KB_FAST_GROUP) w.codes = whole_group(codes, type, m->cols - c, part);
    if (ahead) prefetch(codes + ahead, group_bytes(type));
    if (few < n) {
      EACH(i, 8) EACH(p, KB_PARTS) decoded[i][p] = code_of(w, i, p);
      w.decoded = decoded;
    }
    KB_EACH_FEW for (int begin = 0; begin < n; begin += few) {
      vi d[KB_FAST_TOKENS][KB_PARTS];
      group_dots(w, few, &x, unbias, d);
      EACH(t, few) EACH(p, KB_PARTS)
        add_group(&sum[begin + t][p], d[t][p], ws[p] * x.scales[t]);
      skip_tokens(&x, &unbias, few);
    }
  }
  EACH(t, n) EACH(p, KB_PARTS) *(vf *)(y + t * y_stride + p * KB_LANES) = sum[t][p];
}

/// One token and whole groups of 32: what is the same for all tiles is made ready once. False where that could change a rounding.
INLINE bool fast_matvec(const kb_matrix *m, int type, kb_fast_rows rows, uint32_t tile_begin, uint32_t tile_end, float *y) {
  enum { MOST = 512, AHEAD = 4096 };
  uint32_t groups = m->cols / KB_FAST_GROUP, step = m->group / KB_FAST_GROUP;
  const uint32_t scale_bytes = m->scale_bytes;
  float xs[MOST];
  // The exponent of the weights' scales goes into the activations': a power of two, which is exact but at the ends of the range.
  for (uint32_t g = 0; g < groups; g++) {
    xs[g] = rows.scales[g] * m->scale_unit;
    if (rows.scales[g] != 0 && !(xs[g] >= 0x1p-126f && xs[g] <= 0x1p100f)) return false;
  }
  const uint8_t *first = m->codes + tile_begin * m->tile_stride, *end = m->codes + tile_end * m->tile_stride;
  // Behind a band's last tile come its scales, and then the next band: what is asked for there is on its way when that begins.
  const bool is_last = tile_end * KB_TILE >= m->rows;
  if (!m->follows || tile_begin > 0) prefetch(first, end - first < AHEAD ? (size_t)(end - first) : AHEAD);
  for (uint32_t tile = tile_begin; tile < tile_end; tile++) {
    const uint8_t *codes = m->codes + tile * m->tile_stride;
    const uint8_t *scales = m->scales + (size_t)tile * ((groups + step - 1) / step) * KB_TILE * scale_bytes;
    vf sum[KB_PARTS];
    EACH(p, KB_PARTS) sum[p] = (vf)0;
    kb_fast_rows x = rows;
    const int32_t *unbias = unbias_of(type, &x);
    for (uint32_t g = 0; g < groups; g++, codes += group_bytes(type)) {
      group_codes w = {codes, NULL, type, is_raised(type, 1)};
      prefetch(is_last || end - codes > AHEAD ? codes + AHEAD : codes, group_bytes(type));
      vi d[1][KB_PARTS];
      group_dots(w, 1, &x, unbias, d);
      EACH(p, KB_PARTS) {
        vf ws = part_scales(scales, scale_bytes, p) * xs[g];
        add_group(&sum[p], d[0][p], ws);
      }
      if (((g + 1) & (step - 1)) == 0) scales += KB_TILE * scale_bytes;
      skip_tokens(&x, &unbias, 1);
    }
    EACH(p, KB_PARTS) *(vf *)(y + tile * KB_TILE + p * KB_LANES) = sum[p];
  }
  return true;
}

INLINE void matmul_fast_type(const kb_matrix *m, int type, const void *packed, uint32_t tokens, uint32_t tile_begin,
                             uint32_t tile_end, float *y, size_t y_stride) {
  if (tokens == 1 && m->cols % KB_FAST_GROUP == 0 && m->cols <= 512 * KB_FAST_GROUP &&
      fast_matvec(m, type, kb_fast_rows_at(packed, 1, m->cols), tile_begin, tile_end, y))
    return;
  for (uint32_t tile = tile_begin; tile < tile_end; tile++) {
    const uint8_t *block = packed;
    for (uint32_t t = 0, n; t < tokens; t += n, block += kb_fast_size(n, m->cols)) {
      n = kb_fast_block(tokens - t);
      // While a tile serves its tokens, the next one comes from memory, of many tokens a share for each block.
      size_t next = tile + 1 < tile_end ? m->tile_stride : 0, ahead = t == 0 && tokens <= KB_FAST_TOKENS ? next : 0;
      if (tokens > KB_FAST_TOKENS) {
        size_t from = next * t / tokens / 64 * 64;
        prefetch(m->codes + tile * m->tile_stride + next + from, next * (t + n) / tokens - from);
      }
      kb_fast_rows x = kb_fast_rows_at(block, n, m->cols);
      float *out = y + t * y_stride + tile * KB_TILE;
      switch (n) {
        case 1: fast_block(m, tile, type, 1, ahead, x, out, y_stride); break;
        case 2: fast_block(m, tile, type, 2, ahead, x, out, y_stride); break;
        case 4: fast_block(m, tile, type, 4, ahead, x, out, y_stride); break;
        case 8: fast_block(m, tile, type, 8, ahead, x, out, y_stride); break;
        default: fast_block(m, tile, type, 16, ahead, x, out, y_stride); break;
      }
    }
  }
}

static void matmul_fast(const kb_matrix *m, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                        size_t y_stride) {
  switch (m->type) {
    case KB_INT2: matmul_fast_type(m, KB_INT2, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT3: matmul_fast_type(m, KB_INT3, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT4: matmul_fast_type(m, KB_INT4, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT5: matmul_fast_type(m, KB_INT5, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    case KB_INT6: matmul_fast_type(m, KB_INT6, packed, tokens, tile_begin, tile_end, y, y_stride); break;
    default: matmul_fast_type(m, KB_INT8, packed, tokens, tile_begin, tile_end, y, y_stride);
  }
}
