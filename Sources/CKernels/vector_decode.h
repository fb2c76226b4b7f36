// Stored weights as binary32: spans of tiles, and single rows. Included behind vector_lanes.h.

/// The 16 lanes' halves in the low 16 bits of u.
INLINE v16f halves(v16u u) { return __builtin_convertvector((v16h)__builtin_convertvector(u, v16s), v16f); }

/// 16 scales, from one on.
INLINE v16f group_scales(const kb_matrix *w, size_t index) {
  const uint8_t *scales = w->scales + index * w->scale_bytes;
  if (w->scale_bytes == 1) return __builtin_convertvector(*(const v16c *)scales, v16f) * w->scale_unit;
  return __builtin_convertvector(*(const v16h *)scales, v16f) * w->scale_unit;
}

/// Defines a function for the codes of 4 consecutive columns of a block, whose units UNIT(index) loads: a code in the low bits of each
/// byte; `four` counts them by fours. Bits above those of the type are 0, so that codes are not negative.
#define FOUR_CODES(name, word, UNIT)                                                                                  \
  INLINE word name(int type, const word *units, uint32_t four) {                                                      \
    word low, high;                                                                                                   \
    switch (type) {                                                                                                   \
      case KB_INT2: return UNIT(four / 4) >> 2 * (four % 4) & 0x03030303;                                             \
      case KB_INT3:                                                                                                   \
        if (four < 6) return UNIT(four / 2) >> 3 * (four % 2) & 0x07070707;                                           \
        return (UNIT(four - 6) >> 6 & 0x03030303) | (UNIT(2) >> (four - 2) & 0x04040404);                             \
      case KB_INT8: return UNIT(four);                                                                                \
    }                                                                                                                 \
    low = UNIT(four / 2) >> 4 * (four % 2) & 0x0f0f0f0f;                                                              \
    if (type == KB_INT4) return low;                                                                                  \
    high = UNIT(type == KB_INT5 ? 4 : 4 + four / 4);                                                                  \
    if (type == KB_INT5) return low | ((four < 4 ? high << (4 - four) : high >> (four - 4)) & 0x10101010);            \
    four %= 4;                                                                                                        \
    return low | ((four < 2 ? high << (4 - 2 * four) : high >> (2 * four - 4)) & 0x30303030);                         \
  }
#define PLAIN_UNIT(i) units[i]
FOUR_CODES(four_codes, v16u, PLAIN_UNIT)
FOUR_CODES(four_codes_of_row, uint32_t, PLAIN_UNIT)

/// Columns begin ..< end of a tile of integers, [columns][16].
INLINE void decode_codes(int type, const kb_matrix *w, uint32_t tile, uint32_t begin, uint32_t end, float *out) {
  const uint32_t block = kb_block_columns(type), block_bytes = kb_block_units(type) * KB_TILE * 4, bits = kb_code_bits(type);
  const uint8_t *units = w->codes + tile * w->tile_stride + begin / block * block_bytes;
  uint32_t groups = (w->cols + w->group - 1) / w->group, until = begin;
  v16f scale = splat(0);
  for (uint32_t c = begin; c < end; units += block_bytes, c += block) {
    if (c >= until || c == begin) {
      uint32_t g = c / w->group;
      scale = group_scales(w, ((size_t)tile * groups + g) * KB_TILE);
      until = (g + 1) * w->group;
    }
    _Pragma("unroll") for (uint32_t four = 0; four < block / 4; four++) {
      v16u codes = four_codes(type, (const v16u *)units, four);
      _Pragma("unroll") for (int k = 0; k < 4; k++, out += KB_TILE)
        store(out, __builtin_convertvector((v16i)(codes << (32 - bits - 8 * k)) >> (32 - bits), v16f) * scale);
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
    case KB_INT2: decode_codes(KB_INT2, w, tile, begin, end, out); break;
    case KB_INT3: decode_codes(KB_INT3, w, tile, begin, end, out); break;
    case KB_INT4: decode_codes(KB_INT4, w, tile, begin, end, out); break;
    case KB_INT5: decode_codes(KB_INT5, w, tile, begin, end, out); break;
    case KB_INT6: decode_codes(KB_INT6, w, tile, begin, end, out); break;
    default: decode_codes(KB_INT8, w, tile, begin, end, out);
  }
  return out;
}

/// 16 codes of a row whose units lie one after the other, from a column that is a multiple of 16.
INLINE v16f row_codes_of(int type, const uint8_t *row, uint32_t column) {
  const uint32_t *units = (const uint32_t *)row + column / 32 * (32 / kb_block_columns(type) * kb_block_units(type));
  uint32_t fours[4], bits = kb_code_bits(type);
  for (uint32_t i = 0; i < 4; i++) fours[i] = four_codes_of_row(type, units, column % 32 / 4 + i);
  v16c codes;
  memcpy(&codes, fours, sizeof codes);
  return __builtin_convertvector((v16c)(codes << (8 - bits)) >> (8 - bits), v16f);
}

INLINE v16f row_codes(int type, const uint8_t *row, uint32_t column) {
  switch (type) {
    case KB_INT2: return row_codes_of(KB_INT2, row, column);
    case KB_INT3: return row_codes_of(KB_INT3, row, column);
    case KB_INT4: return row_codes_of(KB_INT4, row, column);
    case KB_INT5: return row_codes_of(KB_INT5, row, column);
    case KB_INT6: return row_codes_of(KB_INT6, row, column);
    default: return row_codes_of(KB_INT8, row, column);
  }
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
    while (c + KB_TILE <= w->cols) {
      v16f scale = splat(kb_s_scale(w, index, c / w->group));
      uint32_t end = c + w->group < w->cols ? c + w->group : w->cols;
      for (; c + KB_TILE <= end; c += KB_TILE) store(out + c, row_codes(w->type, units, c) * scale);
    }
  }
  for (; c < w->cols; c++) out[c] = kb_s_value(w, index, c);
}
