// How int8 activations lie for the fast kernels: blocks of at most 16 tokens, in each codes [group of 32 columns][token][32], scales
// [group][token], and for each bias of the weights what a sum starts with to undo it: -8, -16, -32 and -128 times the sum of the codes
// [group][token]. Columns past the end are zeros. A block stands for itself, so that a range of tokens that begins at a multiple of 16
// can be quantized on its own.
#ifndef KB_FAST_LAYOUT_H
#define KB_FAST_LAYOUT_H

#include "ckernels.h"

enum { KB_FAST_GROUP = 32 };

/// Groups whose largest magnitude is below this have codes of 0: 127 / a must stay finite.
#define KB_FAST_LEAST 0x1p-120f

typedef struct {
  int8_t *codes;
  float *scales;
  int32_t *unbias8, *unbias16, *unbias32, *unbias128;
} kb_fast_rows;

static inline uint32_t kb_fast_groups(uint32_t cols) { return (cols + KB_FAST_GROUP - 1) / KB_FAST_GROUP; }

/// Bytes of a block, or of whole blocks.
static inline size_t kb_fast_size(uint32_t tokens, uint32_t cols) {
  return (size_t)tokens * kb_fast_groups(cols) * (KB_FAST_GROUP + sizeof(float) + 4 * sizeof(int32_t));
}

/// The block that `left` tokens begin with: 16, or the largest power of two that they fill.
static inline uint32_t kb_fast_block(uint32_t left) {
  uint32_t n = KB_FAST_TOKENS;
  while (n > left) n /= 2;
  return n;
}

/// A block of n tokens.
static inline kb_fast_rows kb_fast_rows_at(const void *packed, uint32_t n, uint32_t cols) {
  size_t count = (size_t)n * kb_fast_groups(cols);
  int8_t *codes = (int8_t *)packed;
  float *scales = (float *)(codes + count * KB_FAST_GROUP);
  int32_t *unbias = (int32_t *)(scales + count);
  return (kb_fast_rows){codes, scales, unbias, unbias + count, unbias + 2 * count, unbias + 3 * count};
}

/// Notes the sum of a group's codes.
static inline void kb_fast_unbias(const kb_fast_rows *rows, size_t at, int32_t sum) {
  rows->unbias8[at] = -8 * sum;
  rows->unbias16[at] = -16 * sum;
  rows->unbias32[at] = -32 * sum;
  rows->unbias128[at] = -128 * sum;
}

#endif
