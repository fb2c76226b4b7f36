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

/// The bits of a block's unit that have the signs of codes.
INLINE uint32_t sign_bits(int type, uint32_t unit) {
  switch (type) {
    case KB_INT2: return 0xaaaaaaaa;
    case KB_INT3: return unit < 2 ? 0x24242424 : 0xe4e4e4e4;
    case KB_INT4: return 0x88888888;
    case KB_INT5: return unit < 4 ? 0 : 0xffffffff;
    case KB_INT6: return unit < 4 ? 0 : 0xaaaaaaaa;
    default: return 0x80808080;
  }
}

/// A unit of a part of the rows, with the signs of its codes flipped.
INLINE vu flipped_unit(int type, const vu *units, uint32_t index) {
  // The compiler would rather flip each four of int3 behind its mask, which is as good only where one instruction does both.
  return units[index * KB_PARTS] ^ (sign_bits(type, index) + (type == KB_INT3 && KB_LANES < 16 ? kb_zero : 0));
}
#define FLIPPED_UNIT(i) flipped_unit(type, units, i)
FOUR_CODES(biased_four_codes, vu, FLIPPED_UNIT)

/// The codes of columns 4 * i ..< 4 * i + 4 in a part of the rows.
INLINE vi code_of(group_codes w, uint32_t i, int part) {
  if (w.decoded) return w.decoded[i][part];
  const vu *units = (const vu *)w.codes + part;
  if (w.type == KB_INT8 && (KB_SIGNED || KB_FLIPPED)) return (vi)units[i * KB_PARTS];
  if (w.type != KB_INT4 || !(KB_SIGNED || w.raised)) return (vi)biased_four_codes(w.type, units, i);
  vu u = units[i / 2 * KB_PARTS];
  if (KB_SIGNED) {
    vb b = (vb)u;
    if (w.raised) return i % 2 ? (vi)(u & 0xf0f0f0f0) : (vi)(b << 4);
    return (vi)(i % 2 ? b >> 4 : (vb)(b << 4) >> 4);
  }
  return (vi)(i % 2 ? (u & 0xf0f0f0f0) ^ 0x80808080 : (u & 0x0f0f0f0f) ^ 0x08080808);
}

/// The units of a row's last group, with zeros for those that are not stored.
INLINE const uint8_t *whole_group(const uint8_t *codes, int type, uint32_t columns, uint8_t *out) {
  if (kb_block_columns(type) == KB_FAST_GROUP) return codes;  // the last block of a row is a whole one
  size_t stored = (columns + kb_block_columns(type) - 1) / kb_block_columns(type) * KB_TILE * 4;
  memcpy(out, codes, stored);
  memset(out + stored, 0, group_bytes(type) - stored);
  return out;
}
