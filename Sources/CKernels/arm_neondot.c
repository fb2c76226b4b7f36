// Kernels for NEON with the dot product instructions (ARMv8.2).
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include <arm_neon.h>
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

#define KB_LANES 4
#include "vector_parts.h"

/// sum + the dot products of four signed bytes a lane.
INLINE vi add_dots(vi sum, vi w, vi x) { return (vi)vdotq_s32((int32x4_t)sum, (int8x16_t)w, (int8x16_t)x); }

#define KB_SIGNED 1
#define KB_DOTS 1
#define KB_FEW(n) ((n) < 4 ? (n) : 4)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"
#include "arm_pairs.h"

/// acc + the dot products of four signed bytes a lane.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  v16i_parts a = {acc}, b = {w};
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
  for (int p = 0; p < 4; p++) a.part[p] = vdotq_s32(a.part[p], vreinterpretq_s8_s32(b.part[p]), x);
  return a.v;
}

#define KB_BIASED 0
#include "vector_attention.h"

#define KB_SET kb_neondot
#define KB_NAME "neondot"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
