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

#define KB_SET kb_neondot
#define KB_NAME "neondot"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
