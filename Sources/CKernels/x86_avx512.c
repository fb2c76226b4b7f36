// Kernels for AVX-512 (F, BW, DQ, VL): a 16-lane vector is one register.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi2"))), \
                             apply_to = function)
#define KB_TOKENS 24
#include "vector_exact.h"
#include "vector_encode.h"

#define KB_LANES 16
#include "vector_parts.h"
typedef int16_t sums16 __attribute__((ext_vector_type(32)));

/// Products of bytes, the first unsigned, added in pairs.
INLINE sums16 products(vi w, vi x) { return (sums16)_mm512_maddubs_epi16((__m512i)w, (__m512i)x); }
INLINE vi add_pairs(vi sum, sums16 pairs) { return sum + (vi)_mm512_madd_epi16((__m512i)pairs, _mm512_set1_epi16(1)); }

#define KB_KEEP(v) __asm__("" : "+v"(v))
#define KB_SIGNED 0
#define KB_DOTS 0
#define KB_RUN(type) (kb_code_bits(type) <= 4 ? 8 : (type) == KB_INT5 ? 4 : (type) == KB_INT6 ? 2 : 1)  // as in AVX2
#define KB_FEW(n) ((n) < 8 ? (n) : 8)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"

/// acc + the dot products of four signed bytes a lane, as in AVX2; AVX-512 has no `sign`, so x is negated under a mask.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  __m512i x = _mm512_set1_epi32(four), b = (__m512i)w;
  __m512i signed_x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(b), _mm512_setzero_si512(), x);
  __m512i pairs = _mm512_maddubs_epi16(_mm512_abs_epi8(b), signed_x);
  return acc + (v16i)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}

/// acc + the dot products of two 16-bit numbers a lane.
INLINE v16i dot_pairs(v16i acc, v16i v, int32_t two) {
  return acc + (v16i)_mm512_madd_epi16((__m512i)v, _mm512_set1_epi32(two));
}

#define KB_BIASED 0
#include "vector_attention.h"

#define KB_SET kb_avx512
#define KB_NAME "avx512"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
