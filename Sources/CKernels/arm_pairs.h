// What attention to codes needs of all NEON sets: a vector as its four registers, and products of 16-bit numbers. Included behind
// vector_lanes.h.
#include <arm_neon.h>

typedef union { v16i v; int32x4_t part[4]; } v16i_parts;

/// acc + the dot products of two 16-bit numbers a lane.
INLINE v16i dot_pairs(v16i acc, v16i v, int32_t two) {
  v16i_parts a = {acc}, b = {v};
  int16x8_t x = vreinterpretq_s16_s32(vdupq_n_s32(two));
  for (int p = 0; p < 4; p++) {
    int16x8_t pairs = vreinterpretq_s16_s32(b.part[p]);
    int32x4_t low = vmull_s16(vget_low_s16(pairs), vget_low_s16(x));
    int32x4_t high = vmull_s16(vget_high_s16(pairs), vget_high_s16(x));
    a.part[p] = vaddq_s32(a.part[p], vpaddq_s32(low, high));
  }
  return a.v;
}
