// The reference of attention to codes of eight bits (formats/numerics.md, section 7).
#include "attention_layout.h"
#include "fast_layout.h"
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF

size_t kb_attend_scratch(uint32_t queries, uint32_t padded_head) {
  return sizeof(kb_attention_keys) + kb_attention_memory(queries, padded_head);
}

float kb_scalar_quantize_head(const float *x, uint32_t n, int8_t *codes) {
  uint32_t magnitude = 0;  // magnitudes order like their bits, and NaN comes last
  for (uint32_t c = 0; c < n; c++)
    if ((kb_bits(x[c]) & 0x7fffffff) > magnitude) magnitude = kb_bits(x[c]) & 0x7fffffff;
  float largest = kb_float(magnitude);
  bool usable = largest >= KB_FAST_LEAST && largest <= 0x1.fffffep127f;
  float reciprocal = usable ? 127.0f / largest : 0;
  for (uint32_t c = 0; c < kb_padded_head(n); c++) codes[c] = usable && c < n ? (int8_t)kb_round(x[c] * reciprocal) : 0;
  return largest / 127.0f;
}

/// The score of a key, or -infinity where it does not count.
static float score(const kb_cache_block *b, const kb_attention_query *q, uint32_t j) {
  float mask = b->masks[q->mask_row * KB_CACHE_BLOCK + j];
  if (!kb_counts(q, b->first + j, mask)) return -__builtin_inff();
  int32_t dot = 0;
  for (uint32_t c = 0; c < b->padded_head; c++) dot += q->codes[c] * b->keys[j * b->padded_head + c];
  return __builtin_fmaf((float)dot, q->scale * b->key_scales[j], mask);
}

void kb_scalar_attend(const kb_cache_block *b, const kb_attention_query *queries, uint32_t count, void *scratch,
                      kb_attention_part *parts, int32_t *sums) {
  (void)scratch;
  for (uint32_t i = 0; i < count; i++, sums += b->padded_head) {
    float weights[KB_CACHE_BLOCK], max = -__builtin_inff();
    for (uint32_t j = 0; j < KB_CACHE_BLOCK; j++) {
      weights[j] = score(b, &queries[i], j);
      if (weights[j] > max) max = weights[j];
    }
    int32_t weight = 0;
    uint32_t magnitude = 0;
    parts[i] = (kb_attention_part){.max = max};
    // A score that is no number counts as none here; if there is nothing else, the query gets nothing from this block.
    if (max == -__builtin_inff()) continue;
    for (uint32_t j = 0; j < KB_CACHE_BLOCK; j++) {
      float e = kb_s_exp(weights[j] - max);
      weights[j] = weights[j] == -__builtin_inff() ? 0 : e * b->value_scales[j];
      if (e <= 1) weight += (int32_t)kb_round(e * (1 / KB_WEIGHT_UNIT));
      if ((kb_bits(weights[j]) & 0x7fffffff) > magnitude) magnitude = kb_bits(weights[j]) & 0x7fffffff;
    }
    if (!kb_is_usable(magnitude)) {
      for (uint32_t c = 0; c < b->padded_head; c++) sums[c] = 0;
      parts[i].scale = __builtin_nanf("");
      continue;
    }
    float largest = kb_float(magnitude), reciprocal = largest >= KB_WEIGHT_LEAST ? KB_WEIGHT_CODES / largest : 0;
    parts[i].scale = largest / KB_WEIGHT_CODES;
    parts[i].weight = weight;
    for (uint32_t c = 0; c < b->padded_head; c++) {
      sums[c] = 0;
      for (uint32_t j = 0; j < KB_CACHE_BLOCK; j++)
        sums[c] += (int32_t)kb_round(weights[j] * reciprocal) * b->values[j * b->padded_head + c];
    }
  }
}

void kb_scalar_merge(const kb_attention_part *part, const int32_t *sums, uint32_t n, kb_attention_state *state, float *out) {
  if (part->max == -__builtin_inff()) return;
  float max = part->max > state->max ? part->max : state->max;
  float old = kb_s_exp(state->max - max), fresh = kb_s_exp(part->max - max), scale = fresh * part->scale;
  state->max = max;
  state->weight = __builtin_fmaf((float)part->weight, fresh * KB_WEIGHT_UNIT, state->weight * old);
  for (uint32_t c = 0; c < n; c++) out[c] = __builtin_fmaf((float)sums[c], scale, out[c] * old);
}
