// The codes of each quantized type, and the candidates of its scale search (formats/numerics.md, section 5).
#include "ckernels.h"

static const float int2_levels[] = {-2.7f, 2.6f, -2.1f, -1.8f, 2.1f, -3.4f, -2.4f, -1.4f, -2.9f, -2.0f, 1.0f};
static const float int3_levels[] = {-4.6f, -6.1f, -4.1f, 4.9f, -5.0f, -3.8f, 4.3f, -4.35f, -5.4f, -3.45f, 3.0f};
static const float int4_levels[] = {-8.0f, -7.5f, -7.0f, -8.5f, -6.5f, -9.0f, -6.0f, 7.0f, 7.4f, 6.6f, 7.8f, 6.2f, 8.2f, 5.8f};
static const float int5_levels[] = {-16.0f, -15.0f, -16.5f, -14.1f, -15.7f, -13.1f, -15.3f, -16.2f, -16.8f, -14.7f, -13.8f, -12.1f};
static const float int6_levels[] = {-32.0f, -31.0f, -30.0f, -29.0f, -32.4f, -28.0f, -31.8f,
                                    -27.0f, -31.2f, -30.6f, -26.0f, -30.2f, -32.8f, -29.8f};
static const float int8_levels[] = {127.0f, 126.0f, 125.0f, 124.0f, 123.0f, 122.0f, 121.0f, 120.0f, 119.0f, 118.0f, 117.0f, 116.0f};

kb_code_range kb_codes_of(int type) {
#define RANGE(low, high, levels) (kb_code_range){low, high, levels, sizeof levels / sizeof *levels}
  switch (type) {
    case KB_INT2: return RANGE(-2, 1, int2_levels);
    case KB_INT3: return RANGE(-4, 3, int3_levels);
    case KB_INT4: return RANGE(-8, 7, int4_levels);
    case KB_INT5: return RANGE(-16, 15, int5_levels);
    case KB_INT6: return RANGE(-32, 31, int6_levels);
    default: return RANGE(-127, 127, int8_levels);
  }
#undef RANGE
}
