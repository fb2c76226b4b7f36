// Kernels for NEON: a 16-lane vector is four registers.
#if defined(__aarch64__)
#include <arm_neon.h>
#define KB_TOKENS 6
#include "vector_exact.h"
#include "vector_encode.h"

typedef union { v16i v; int32x4_t part[4]; } v16i_parts;

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
#define dot_unsigned dot_signed  // bytes 0 ... 63 are the same signed

#define KB_BIASED 0
#include "vector_fast.h"

#define KB_SET kb_neon
#define KB_NAME "neon"
#define KB_MATMUL_FAST matmul_fast
#include "vector_table.h"
#endif
