// How int8 activations lie for the fast kernels: blocks of tokens, in each [group of 32 columns][token][32] codes, and beside them a
// scale and a sum of codes for each group and token. Columns past the end are zeros.
#ifndef KB_FAST_LAYOUT_H
#define KB_FAST_LAYOUT_H

#include "ckernels.h"

enum { KB_FAST_GROUP = 32, KB_FAST_TOKENS = 16 };

typedef struct {
  int8_t *codes;
  float *scales;
  int32_t *sums;
} kb_fast_rows;

static inline uint32_t kb_fast_groups(uint32_t cols) { return (cols + KB_FAST_GROUP - 1) / KB_FAST_GROUP; }

/// The block that `left` tokens begin with: 16, or the largest power of two that they fill.
static inline uint32_t kb_fast_block(uint32_t left) {
  uint32_t n = KB_FAST_TOKENS;
  while (n > left) n /= 2;
  return n;
}

static inline kb_fast_rows kb_fast_rows_at(void *packed, uint32_t tokens, uint32_t cols) {
  size_t count = (size_t)tokens * kb_fast_groups(cols);
  int8_t *codes = packed;
  float *scales = (float *)(codes + count * KB_FAST_GROUP);
  return (kb_fast_rows){codes, scales, (int32_t *)(scales + count)};
}

#endif
