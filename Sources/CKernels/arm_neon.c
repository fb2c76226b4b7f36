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
// A product is no larger than 127 * 8 (int4 and fewer bits), 31 (int5, with its bias), 63 or 128 (int8): as many fit 16 bits.
#define KB_RUN(type) (kb_code_bits(type) <= 5 ? 8 : (type) == KB_INT6 ? 4 : 2)
#define KB_FEW(n) ((n) < 2 ? (n) : 2)
#define KB_EACH_FEW _Pragma("nounroll")
#include "vector_fast.h"
#include "arm_pairs.h"

/// acc + the dot products of four signed bytes a lane: products of 16 bits, added in pairs twice.
INLINE v16i dot_signed(v16i acc, v16i w, int32_t four) {
  v16i_parts a = {acc}, b = {w};
  int8x16_t x = vreinterpretq_s8_s32(vdupq_n_s32(four));
  for (int p = 0; p < 4; p++) {
    int8x16_t bytes = vreinterpretq_s8_s32(b.part[p]);
    int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(bytes), vget_low_s8(x)));
    int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(bytes), vget_high_s8(x)));
    a.part[p] = vaddq_s32(a.part[p], vpaddq_s32(low, high));
  }
  return a.v;
}

#define KB_BIASED 0
#include "vector_attention.h"

#define KB_SET kb_neon
#define KB_NAME "neon"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#endif
