// Kernels for NEON with the dot product instructions (ARMv8.2).
#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include <arm_neon.h>
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

typedef union { v16i v; int32x4_t part[4]; } v16i_parts;

/// acc + the dot products of four signed bytes a lane.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  v16i_parts a = {acc}, b = {w};
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
  for (int p = 0; p < 4; p++) a.part[p] = vdotq_s32(a.part[p], vreinterpretq_s8_s32(b.part[p]), x);
  return a.v;
}
#define dot_unsigned dot_signed  // bytes 0 ... 63 are the same signed

#define KB_BIASED 0
#include "vector_fast.h"

#define KB_SET kb_neondot
#define KB_NAME "neondot"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
