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
// A pair is no larger than 2 * 127 * 15 (int4), 31, 63 or 128 (int8): as many fit 16 bits.
#define KB_RUN(type) ((type) == KB_INT4 ? 8 : (type) == KB_INT5 ? 4 : (type) == KB_INT6 ? 2 : 1)
#define KB_FEW(n) ((n) < 4 ? (n) : 4)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"

#define KB_SET kb_avx2
#define KB_NAME "avx2"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#pragma clang attribute pop
#endif
