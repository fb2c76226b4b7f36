// Codes of weights as the fast kernels multiply them: four bytes a lane, for 4 columns of a row. Included behind vector_parts.h.

/// Whether int8 codes do without a bias although the first factor may not be negative: products of 16 bits have no room for one.
/// There the magnitudes of activations are multiplied by weights whose bits are flipped where the activation is negative.
enum { KB_FLIPPED = !KB_SIGNED && !KB_DOTS };

/// Whether codes have a bias or flipped bits, which sums of products have to be rid of.
INLINE bool is_biased(int type) { return !KB_SIGNED || (type != KB_INT4 && type != KB_INT8); }
/// What sums of products begin with where that is so, by `unbias_shift` binary places too large.
INLINE const int32_t *unbias_of(int type, const kb_fast_rows *x) {
  if (type == KB_INT8) return KB_FLIPPED ? x->unflip : x->unbias128;
  return type == KB_INT5 ? x->unbias16 : type == KB_INT6 ? x->unbias32 : x->unbias8;
}
/// The biases of 2 and 4 have no sums of their own.
INLINE int unbias_shift(int type) { return type == KB_INT2 ? 2 : type == KB_INT3 ? 1 : 0; }

/// Bytes of the units of a group of 32 columns of 16 rows.
INLINE size_t group_bytes(int type) {
  return KB_FAST_GROUP / kb_block_columns(type) * kb_block_units(type) * KB_TILE * 4;
}

/// Whether int4 codes come as 16 times themselves, which takes fewer steps for each unit and one more for each token.
INLINE bool is_raised(int type, int tokens) { return KB_DOTS && type == KB_INT4 && tokens <= 2; }

/// Codes of a group of 32 columns of 16 rows.
typedef struct {
  const uint8_t *codes;           ///< as they are stored
  const vi (*decoded)[KB_PARTS];  ///< as they are multiplied; NULL: each is made when it is needed
  int type;
  bool raised;  ///< of int4 those with an odd index, and all where they are signed, are 16 times what they stand for
} group_codes;

INLINE vu unit_of(group_codes w, uint32_t unit, int part) { return ((const vu *)w.codes)[unit * KB_PARTS + part]; }

/// The codes of columns 4 * i ..< 4 * i + 4 in a part of the rows.
INLINE vi code_of(group_codes w, uint32_t i, int part) {
  if (w.decoded) return w.decoded[i][part];
  if (w.type == KB_INT8) {
    vu u = unit_of(w, i, part);
    return (vi)(KB_SIGNED || KB_FLIPPED ? u : u ^ 0x80808080);
  }
  // The bit of the sign is flipped in the whole unit that it is in, of int3, int5 and int6 among the high bits.
  if (w.type == KB_INT2) return (vi)((unit_of(w, i / 4, part) ^ 0xaaaaaaaa) >> 2 * (i % 4) & 0x03030303);
  if (w.type == KB_INT3) {
    vu pairs = unit_of(w, i / 4, part) >> 2 * (i % 4) & 0x03030303, high = ~unit_of(w, 2, part);
    return (vi)(pairs | ((i < 2 ? high << (2 - i) : high >> (i - 2)) & 0x04040404));
  }
  vu u = unit_of(w, i / 2, part);
  if (w.type == KB_INT4 && KB_SIGNED) {
    vb b = (vb)u;
    if (w.raised) return i % 2 ? (vi)(u & 0xf0f0f0f0) : (vi)(b << 4);
    return (vi)(i % 2 ? b >> 4 : (vb)(b << 4) >> 4);
  }
  if (w.type == KB_INT4) {
    // One flip for both halves of the bytes, but for AVX-512: there it is part of masking them.
    const vu before = (vu)(KB_LANES < 16 ? 0x88888888 : 0), after = 0x88888888 ^ before;
    u ^= before;
    if (i % 2 && w.raised) return (vi)((u & 0xf0f0f0f0) ^ (after & 0xf0f0f0f0));
    return (vi)((u >> 4 * (i % 2) & 0x0f0f0f0f) ^ (after & 0x0f0f0f0f));
  }
  vu low = u >> 4 * (i % 2) & 0x0f0f0f0f;
  if (w.type == KB_INT5) {
    vu high = ~unit_of(w, 4, part);
    return (vi)(low | ((i < 4 ? high << (4 - i) : high >> (i - 4)) & 0x10101010));
  }
  vu high = unit_of(w, 4 + i / 4, part) ^ 0xaaaaaaaa;
  uint32_t in = i % 4;
  return (vi)(low | ((in < 2 ? high << (4 - 2 * in) : high >> (2 * in - 4)) & 0x30303030));
}

/// The units of a row's last group, with zeros for those that are not stored.
INLINE const uint8_t *whole_group(const uint8_t *codes, int type, uint32_t columns, uint8_t *out) {
  if (kb_block_columns(type) == KB_FAST_GROUP) return codes;  // the last block of a row is a whole one
  size_t stored = (columns + kb_block_columns(type) - 1) / kb_block_columns(type) * KB_TILE * 4;
  memcpy(out, codes, stored);
  memset(out + stored, 0, group_bytes(type) - stored);
  return out;
}
