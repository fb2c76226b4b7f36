// Kernels for AVX-512 with VNNI: four bytes of 16 lanes are multiplied and added in one instruction.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(                                                                                       \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2"))), apply_to = function)
#define KB_TOKENS 24
#include "vector_exact.h"
#include "vector_encode.h"

#define KB_LANES 16
#include "vector_parts.h"

/// sum + the dot products of four bytes a lane, w unsigned.
INLINE vi add_dots(vi sum, vi w, vi x) { return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)x); }

#define KB_SIGNED 0
#define KB_DOTS 1
#define KB_FEW(n) ((n) <= 4 ? (n) : 1)  // more fill all registers
#define KB_EACH_FEW UNROLL
#include "vector_fast.h"

/// acc + the dot products of four bytes a lane, w unsigned.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  return (v16i)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, _mm512_set1_epi32(four));
}

/// acc + the dot products of two 16-bit numbers a lane.
INLINE v16i dot_pairs(v16i acc, v16i v, int32_t two) {
  return (v16i)_mm512_dpwssd_epi32((__m512i)acc, (__m512i)v, _mm512_set1_epi32(two));
}

#define KB_BIASED 1  // VNNI wants one operand unsigned: keys take 128 more
#include "vector_attention.h"

#define KB_SET kb_avx512vnni
#define KB_NAME "avx512vnni"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
