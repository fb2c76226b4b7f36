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
#define KB_RUN(type) ((type) == KB_INT4 ? 8 : (type) == KB_INT5 ? 4 : (type) == KB_INT6 ? 2 : 1)  // as in AVX2
#define KB_FEW(n) ((n) < 8 ? (n) : 8)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"

#define KB_SET kb_avx512
#define KB_NAME "avx512"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
