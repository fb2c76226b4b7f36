// How int8 activations lie for the fast kernels: blocks of at most 16 tokens, in each codes [group of 32 columns][token][32], scales
// [group][token], and what sums start with to undo what is done to weights, [group][token] each: for each bias -8, -16, -32 and
// -128 times the sum of the codes, and the sum of the magnitudes of negative codes. Then the codes once more, as magnitudes and as
// signs (0 or -1) [group][token][32]. Columns past the end are zeros. A block stands for itself, so that a range of tokens that
// begins at a multiple of 16 can be quantized on its own.
#ifndef KB_FAST_LAYOUT_H
#define KB_FAST_LAYOUT_H

#include "ckernels.h"

enum { KB_FAST_GROUP = 32 };

/// Groups whose largest magnitude is below this have codes of 0: 127 / a must stay finite.
#define KB_FAST_LEAST 0x1p-120f

/// 0. It stands in another file, so that the compiler does not know.
extern const uint32_t kb_zero;

typedef struct {
  int8_t *codes;
  float *scales;
  int32_t *unbias8, *unbias16, *unbias32, *unbias128, *unflip;
  int8_t *magnitudes, *signs;
} kb_fast_rows;

static inline uint32_t kb_fast_groups(uint32_t cols) { return (cols + KB_FAST_GROUP - 1) / KB_FAST_GROUP; }

/// Bytes of a block, or of whole blocks.
static inline size_t kb_fast_size(uint32_t tokens, uint32_t cols) {
  return (size_t)tokens * kb_fast_groups(cols) * (3 * KB_FAST_GROUP + sizeof(float) + 5 * sizeof(int32_t));
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
  int8_t *magnitudes = (int8_t *)(unbias + 5 * count);
  return (kb_fast_rows){codes, scales, unbias, unbias + count, unbias + 2 * count, unbias + 3 * count, unbias + 4 * count,
                        magnitudes, magnitudes + count * KB_FAST_GROUP};
}

/// Notes of a group what kb_fast_finish needs: its largest magnitude, the sum of its codes and that of their magnitudes.
static inline void kb_fast_note(const kb_fast_rows *rows, size_t at, float largest, int32_t sum, int32_t magnitude) {
  rows->scales[at] = largest;
  rows->unbias8[at] = sum;
  rows->unflip[at] = magnitude;
}

/// Makes scales and what sums start with from the notes of `count` groups.
static inline void kb_fast_finish(const kb_fast_rows *rows, size_t count) {
  float *restrict scales = rows->scales;
  int32_t *restrict by8 = rows->unbias8, *restrict by16 = rows->unbias16, *restrict by32 = rows->unbias32;
  int32_t *restrict by128 = rows->unbias128, *restrict unflip = rows->unflip;
  for (size_t i = 0; i < count; i++) {
    int32_t sum = by8[i];
    scales[i] /= 127.0f;
    unflip[i] = (unflip[i] - sum) >> 1;  // the negative ones' magnitudes count twice
    by8[i] = -8 * sum;
    by16[i] = -16 * sum;
    by32[i] = -32 * sum;
    by128[i] = -128 * sum;
  }
}

#endif
