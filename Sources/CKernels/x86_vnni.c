// Kernels for AVX-512 with VNNI: four bytes of 16 lanes are multiplied and added in one instruction.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(                                                                                       \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2"))), apply_to = function)
#define KB_TOKENS 24
#include "vector_exact.h"
#include "vector_encode.h"

/// acc + the dot products of four bytes a lane, w unsigned.
INLINE v16i dot_unsigned(v16i acc, v16i w, int32_t four) {
  return (v16i)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)w, _mm512_set1_epi32(four));
}

#define KB_BIASED 1  // VNNI wants one operand unsigned: int8 weights take 128 more
#define dot_signed dot_unsigned
#include "vector_fast.h"

#define KB_SET kb_avx512vnni
#define KB_NAME "avx512vnni"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
