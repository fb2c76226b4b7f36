// What attention to codes of eight bits has in common for all sets: which keys count, and the memory of the kernels.
#ifndef KB_ATTENTION_LAYOUT_H
#define KB_ATTENTION_LAYOUT_H

#include "ckernels.h"
#include <math.h>

/// Below this largest product of weight and value scale, weights have codes of 0: 32767 / u must stay finite.
#define KB_WEIGHT_LEAST 0x1p-110f
/// The greatest code of a weight: 128 products with codes of values fit 32 bits.
#define KB_WEIGHT_CODES 32767.0f
/// Weights are summed as integers in this unit.
#define KB_WEIGHT_UNIT 0x1p-22f

/// Whether the largest product of weight and value scale can be a scale; its bits order like it, and NaN comes last.
static inline bool kb_is_usable(uint32_t largest) { return largest <= 0x7f7fffff; }

/// Whether the key at a position with a mask counts for a query.
static inline bool kb_counts(const kb_attention_query *q, uint32_t position, float mask) {
  return position >= q->begin && position < q->end && (mask > q->least || (mask == q->least && position >= q->since));
}

/// Whether keys that a query sees are dropped.
static inline bool kb_drops(const kb_attention_query *q) { return q->since > 0 || q->least > -INFINITY; }

/// The keys of a block that are computed: all in a range, or those of a list.
typedef struct {
  _Alignas(64) int32_t positions[KB_CACHE_BLOCK];
  float key_scales[KB_CACHE_BLOCK], value_scales[KB_CACHE_BLOCK], masks[KB_CACHE_BLOCK];
  int32_t pairs[KB_CACHE_BLOCK / 2][KB_TILE];  // 16 dimensions of the values, two keys side by side
  uint8_t rows[KB_CACHE_BLOCK];
} kb_attention_keys;

/// Bytes behind it: a tile of keys, and for each query scores, codes of weights and what undoes the bias of keys.
static inline size_t kb_attention_memory(uint32_t queries, uint32_t padded_head) {
  return (size_t)padded_head * KB_TILE + (size_t)queries * (KB_CACHE_BLOCK * (sizeof(float) + sizeof(int16_t)) + sizeof(int32_t));
}

#endif
