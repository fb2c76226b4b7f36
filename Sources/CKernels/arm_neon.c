// Kernels for NEON: a 16-lane vector is four registers.
#if defined(__aarch64__)
#include <arm_neon.h>
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

#define KB_LANES 4
#include "vector_parts.h"
typedef int16_t sums16 __attribute__((ext_vector_type(16)));

INLINE sums16 products(vi w, vi x) {
  int8x16_t a = (int8x16_t)w, b = (int8x16_t)x;
  int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(b)), high = vmull_high_s8(a, b);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
INLINE vi add_pairs(vi sum, sums16 pairs) {
  return sum + (vi)vpaddq_s32(vpaddlq_s16((int16x8_t)pairs.lo), vpaddlq_s16((int16x8_t)pairs.hi));
}

#define KB_KEEP(v) ((void)0)
#define KB_SIGNED 1
#define KB_DOTS 0
// A product is no larger than 127 * 8 (int4), 31 (int5, with its bias), 63 or 128 (int8): as many fit 16 bits.
#define KB_RUN(type) ((type) <= KB_INT5 ? 8 : (type) == KB_INT6 ? 4 : 2)
#define KB_FEW(n) ((n) < 2 ? (n) : 2)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"

#define KB_SET kb_neon
#define KB_NAME "neon"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#endif
