// Kernels for AVX2 with FMA and F16C: a 16-lane vector is two registers.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

#define KB_LANES 8
#include "vector_parts.h"
typedef int16_t sums16 __attribute__((ext_vector_type(16)));

/// Products of bytes, the first unsigned, added in pairs.
INLINE sums16 products(vi w, vi x) { return (sums16)_mm256_maddubs_epi16((__m256i)w, (__m256i)x); }
INLINE vi add_pairs(vi sum, sums16 pairs) { return sum + (vi)_mm256_madd_epi16((__m256i)pairs, _mm256_set1_epi16(1)); }

#define KB_KEEP(v) __asm__("" : "+x"(v))
#define KB_SIGNED 0
#define KB_DOTS 0
// A pair is no larger than 2 * 127 * 15 (int4 and fewer bits), 31, 63 or 128 (int8): as many fit 16 bits.
#define KB_RUN(type) (kb_code_bits(type) <= 4 ? 8 : (type) == KB_INT5 ? 4 : (type) == KB_INT6 ? 2 : 1)
#define KB_FEW(n) ((n) < 4 ? (n) : 4)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"

typedef union { v16i v; __m256i half[2]; } v16i_halves;

/// acc + the dot products of four signed bytes a lane. |w| times x with w's sign: the 16-bit sums of two stay below 2^15, since
/// both are no less than -127.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  v16i_halves a = {acc}, b = {w};
  __m256i x = _mm256_set1_epi32(four), ones = _mm256_set1_epi16(1);
  for (int h = 0; h < 2; h++) {
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(b.half[h]), _mm256_sign_epi8(x, b.half[h]));
    a.half[h] = _mm256_add_epi32(a.half[h], _mm256_madd_epi16(pairs, ones));
  }
  return a.v;
}

/// acc + the dot products of two 16-bit numbers a lane.
INLINE v16i dot_pairs(v16i acc, v16i v, int32_t two) {
  v16i_halves a = {acc}, b = {v};
  for (int h = 0; h < 2; h++) a.half[h] = _mm256_add_epi32(a.half[h], _mm256_madd_epi16(b.half[h], _mm256_set1_epi32(two)));
  return a.v;
}

#define KB_BIASED 0
#include "vector_attention.h"

#define KB_SET kb_avx2
#define KB_NAME "avx2"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
