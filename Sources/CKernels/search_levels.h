// The candidates L of the scale search: trial scales m / L for the group's extreme value m (formats/numerics.md, 5.1).
#ifndef KB_SEARCH_LEVELS_H
#define KB_SEARCH_LEVELS_H

static const float kb_int4_levels[] = {-8.0f, -7.5f, -7.0f, -8.5f, -6.5f, -9.0f, -6.0f, 7.0f, 7.4f, 6.6f, 7.8f, 6.2f, 8.2f, 5.8f};
static const float kb_int8_levels[] = {127.0f, 126.0f, 125.0f, 124.0f, 123.0f, 122.0f, 121.0f, 120.0f, 119.0f, 118.0f, 117.0f, 116.0f};

enum {
  KB_INT4_LEVELS = sizeof kb_int4_levels / sizeof *kb_int4_levels,
  KB_INT8_LEVELS = sizeof kb_int8_levels / sizeof *kb_int8_levels,
  KB_REFITS = 2,  ///< times that codes and scale are fitted to each other after the search
};

#endif
