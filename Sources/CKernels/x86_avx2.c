// Kernels for AVX2 with FMA and F16C: a 16-lane vector is two registers.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

typedef union { v16i v; __m256i half[2]; } v16i_halves;

/// acc + the dot products of four signed bytes a lane. |w| times x with w's sign: the 16-bit sums of two stay below 2^15, since
/// activations are no less than -127.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  v16i_halves a = {acc}, b = {w};
  __m256i x = _mm256_set1_epi32(four), ones = _mm256_set1_epi16(1);
  for (int h = 0; h < 2; h++) {
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(b.half[h]), _mm256_sign_epi8(x, b.half[h]));
    a.half[h] = _mm256_add_epi32(a.half[h], _mm256_madd_epi16(pairs, ones));
  }
  return a.v;
}

/// The same for bytes 0 ... 63.
INLINE v16i dot_unsigned(v16i acc, v16i w, int32_t four) {
  v16i_halves a = {acc}, b = {w};
  __m256i x = _mm256_set1_epi32(four), ones = _mm256_set1_epi16(1);
  for (int h = 0; h < 2; h++)
    a.half[h] = _mm256_add_epi32(a.half[h], _mm256_madd_epi16(_mm256_maddubs_epi16(b.half[h], x), ones));
  return a.v;
}

#define KB_BIASED 0
#include "vector_fast.h"

#define KB_SET kb_avx2
#define KB_NAME "avx2"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
