// 16-lane vectors in clang's vector extensions, and what all kernels do with them: partial loads and stores, sums of lanes, exp.
#include "scalar.h"
#include "values.h"

#pragma STDC FP_CONTRACT OFF
// Vectors pass between functions of one translation unit alone, and all of those are inlined: no ABI is at stake.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16f __attribute__((ext_vector_type(16), aligned(4)));
typedef int32_t v16i __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t v16u __attribute__((ext_vector_type(16), aligned(4)));
typedef double v16d __attribute__((ext_vector_type(16), aligned(8)));
typedef int64_t v16l __attribute__((ext_vector_type(16), aligned(8)));
typedef uint16_t v16s __attribute__((ext_vector_type(16), aligned(2)));
typedef int8_t v16c __attribute__((ext_vector_type(16), aligned(1)));
typedef _Float16 v16h __attribute__((ext_vector_type(16), aligned(2)));

#define INLINE static inline __attribute__((always_inline))

INLINE v16f load(const float *p) { return *(const v16f *)p; }
INLINE void store(float *p, v16f v) { *(v16f *)p = v; }
INLINE v16f splat(float x) { return (v16f)x; }
INLINE v16f fma16(v16f a, v16f b, v16f c) { return __builtin_elementwise_fma(a, b, c); }
INLINE v16f select16(v16i mask, v16f yes, v16f no) { return mask ? yes : no; }
INLINE v16f round16(v16f x) { return (x + 12582912.0f) - 12582912.0f; }

/// The first n lanes of p, zeros behind them.
INLINE v16f load_part(const float *p, uint32_t n) {
  float part[KB_TILE] = {0};
  memcpy(part, p, n * 4);
  return load(part);
}
INLINE void store_part(float *p, v16f v, uint32_t n) {
  float part[KB_TILE];
  store(part, v);
  memcpy(p, part, n * 4);
}
/// Runs `body` for whole vectors at i, then for the rest with `count` < 16 lanes.
#define FOR_LANES(n, body_whole, body_part)                 \
  do {                                                      \
    uint32_t i = 0;                                         \
    for (; i + KB_TILE <= (n); i += KB_TILE) { body_whole } \
    uint32_t count = (n) - i;                               \
    if (count) { body_part }                                \
  } while (0)

INLINE float sum_lanes(v16f v) {
  typedef float v8f __attribute__((ext_vector_type(8)));
  typedef float v4f __attribute__((ext_vector_type(4)));
  typedef float v2f __attribute__((ext_vector_type(2)));
  v8f eight = v.lo + v.hi;
  v4f four = eight.lo + eight.hi;
  v2f two = four.lo + four.hi;
  return two.x + two.y;
}

INLINE v16f exp16(v16f x) {
  v16i zero = x < -87.3365448f;
  x = select16(x > 88.3762626647949f, splat(88.3762626647949f), x);
  x = select16(zero, splat(0), x);
  v16f z = fma16(x, splat(1.44269504f), splat(12582912.0f)), n = z - 12582912.0f;
  v16f r = fma16(n, splat(-0.693147182f), x);
  r = fma16(n, splat(1.90465421e-9f), r);
  v16f p = splat(1.0f / 5040);
  p = fma16(p, r, splat(1.0f / 720));
  p = fma16(p, r, splat(1.0f / 120));
  p = fma16(p, r, splat(1.0f / 24));
  p = fma16(p, r, splat(1.0f / 6));
  p = fma16(p, r, splat(0.5f));
  p = fma16(p, r, splat(1.0f));
  p = fma16(p, r, splat(1.0f));
  v16i power = ((v16i)z - 0x4b400000 + 127) << 23;  // z's low bits are 12582912's plus n
  return select16(zero, splat(0), p * (v16f)power);
}
