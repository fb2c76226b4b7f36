// Attention to codes of eight bits, 16 lanes at a time. Included behind vector_fast.h by files that define dot_signed and dot_pairs.
//
// Scores and weighted sums are products of integers and exact, so which keys are taken together is free: queries that prune take
// only the keys that are left, and keys are transposed, values paired, once for all queries.
#include "attention_layout.h"

typedef int8_t v16c __attribute__((ext_vector_type(16), aligned(1)));
typedef int16_t v16w __attribute__((ext_vector_type(16), aligned(2)));
typedef bool v16b __attribute__((ext_vector_type(16)));
typedef uint32_t v8u __attribute__((ext_vector_type(8)));

/// The magic number of round16: a sum with it has the rounded number in its low bits.
#define MAGIC 12582912.0f
#define MAGIC_BITS 0x4b400000

static float quantize_head(const float *x, uint32_t n, int8_t *codes) {
  v16u magnitude = (v16u)0;
  FOR_LANES(n, v16u m = (v16u)load(x + i) & 0x7fffffff; magnitude = m > magnitude ? m : magnitude;,
            v16u m = (v16u)load_part(x + i, count) & 0x7fffffff; magnitude = m > magnitude ? m : magnitude;);
  float largest = kb_float(__builtin_reduce_max(magnitude));
  float reciprocal = largest >= KB_FAST_LEAST ? 127.0f / largest : 0;
  // What is not finite has no code: its scale says it.
  v16u kept = (v16u)0 - (uint32_t)(largest <= 0x1.fffffep127f);
  for (uint32_t i = 0; i < kb_padded_head(n); i += KB_TILE) {
    v16f v = i + KB_TILE <= n ? load(x + i) : i < n ? load_part(x + i, n - i) : splat(0);
    v16i q = __builtin_convertvector(round16((v16f)((v16u)v & kept) * reciprocal), v16i);
    *(v16c *)(codes + i) = __builtin_convertvector(q, v16c);
  }
  return largest / 127.0f;
}

/// The keys of a block that some queries are computed with, and the memory of the computation.
typedef struct {
  const int8_t *keys, *values;
  const float *key_scales, *value_scales, *masks;
  kb_attention_keys *list;
  v16u *tile;        // [padded head / 4], keys of a tile as columns of four codes
  float *scores;     // [queries][128]
  int16_t *weights;  // [queries][128], codes
  int32_t *unbias;   // [queries]
  size_t stride;     // of keys and values: padded head
  uint32_t first, tiles;
  bool is_listed;  // `list` has positions and rows; else it is a range that begins at `first`
} attention;

INLINE const int8_t *row_at(const attention *a, const int8_t *rows, uint32_t j) {
  return rows + (a->is_listed ? a->list->rows[j] : j) * a->stride;
}

/// The keys of a block from `low` to `high` that count for a query, as a list; returns how many there are.
INLINE uint32_t list_keys(const kb_cache_block *b, const kb_attention_query *q, uint32_t low, uint32_t high,
                          kb_attention_keys *list) {
  const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const float *masks = b->masks + q->mask_row * KB_CACHE_BLOCK;
  uint32_t n = 0;
  for (uint32_t j = low / KB_TILE * KB_TILE; j < high; j += KB_TILE) {
    v16i at = lanes + (int32_t)j;
    v16f m = load(masks + j);
    v16i counts = (at >= (int32_t)low) & (at < (int32_t)high) &
                  ((m > q->least) | ((m == q->least) & (at + (int32_t)b->first >= (int32_t)q->since)));
    v16b flags = __builtin_convertvector(counts, v16b);
    uint16_t bits;
    memcpy(&bits, &flags, 2);
    for (uint32_t rest = bits; rest; rest &= rest - 1) list->rows[n++] = (uint8_t)(j + (uint32_t)__builtin_ctz(rest));
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t row = list->rows[i];
    list->positions[i] = (int32_t)(b->first + row);
    list->key_scales[i] = b->key_scales[row];
    list->value_scales[i] = b->value_scales[row];
    list->masks[i] = masks[row];
  }
  for (uint32_t i = n; i % KB_TILE; i++) {
    list->rows[i] = list->rows[0];
    list->positions[i] = INT32_MAX;
    list->key_scales[i] = list->value_scales[i] = list->masks[i] = 0;
  }
  return n;
}

/// Chooses the keys: no more than a range around those that the queries see, and where all prune by the same masks, those that
/// count for the one that drops least.
INLINE attention choose_keys(const kb_cache_block *b, const kb_attention_query *q, uint32_t count, void *scratch) {
  attention a = {.list = scratch, .stride = b->padded_head};
  a.tile = (v16u *)(a.list + 1);
  a.scores = (float *)(a.tile + b->padded_head / 4);
  a.unbias = (int32_t *)(a.scores + (size_t)count * KB_CACHE_BLOCK);
  a.weights = (int16_t *)(a.unbias + count);
  kb_attention_query all = q[0];
  bool drops = kb_drops(&all), is_shared = true;
  for (uint32_t i = 1; i < count; i++) {
    if (q[i].begin < all.begin) all.begin = q[i].begin;
    if (q[i].end > all.end) all.end = q[i].end;
    if (q[i].least < all.least || (q[i].least == all.least && q[i].since < all.since)) {
      all.least = q[i].least;
      all.since = q[i].since;
    }
    drops &= kb_drops(&q[i]);
    is_shared &= q[i].mask_row == all.mask_row;
  }
  uint32_t low = all.begin > b->first ? all.begin - b->first : 0, high = all.end > b->first ? all.end - b->first : 0;
  if (high > KB_CACHE_BLOCK) high = KB_CACHE_BLOCK;
  if (low >= high) return a;
  if (drops && is_shared) {
    a.is_listed = true;
    a.tiles = (list_keys(b, &all, low, high, a.list) + KB_TILE - 1) / KB_TILE;
    a.keys = b->keys;
    a.values = b->values;
    a.key_scales = a.list->key_scales;
    a.value_scales = a.list->value_scales;
    a.masks = a.list->masks;
    return a;
  }
  uint32_t from = low / KB_TILE * KB_TILE;
  a.first = b->first + from;
  a.tiles = (high - from + KB_TILE - 1) / KB_TILE;
  a.keys = b->keys + from * a.stride;
  a.values = b->values + from * a.stride;
  a.key_scales = b->key_scales + from;
  a.value_scales = b->value_scales + from;
  a.masks = b->masks + from;
  return a;
}

/// Asks for bytes that are needed soon.
INLINE void prefetch_rows(const int8_t *rows, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(rows + i, 0, 3);
}

/// Asks for a tile's rows of keys or values.
INLINE void prefetch_tile(const attention *a, const int8_t *rows, uint32_t tile) {
  for (uint32_t i = 0; i < KB_TILE; i++) prefetch_rows(row_at(a, rows, tile * KB_TILE + i), a->stride);
}

#define LOW_HALF(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_HALF(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW_PAIR(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_PAIR(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
/// Four columns' lanes l ..< l + 4 side by side.
#define COLUMN(v, k, l)                                                                                                     \
  __builtin_shufflevector(__builtin_shufflevector(v[0][k], v[1][k], l, l + 1, l + 2, l + 3, 16 + l, 17 + l, 18 + l, 19 + l), \
                          __builtin_shufflevector(v[2][k], v[3][k], l, l + 1, l + 2, l + 3, 16 + l, 17 + l, 18 + l, 19 + l), \
                          0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

/// The keys of a tile as columns of four codes; for VNNI unsigned.
INLINE void load_keys(const attention *a, uint32_t tile) {
  for (uint32_t c = 0; c < a->stride; c += 64) {
    v16u v[4][4];
    _Pragma("unroll") for (uint32_t g = 0; g < 4; g++) {
      v16u r[4];
      _Pragma("unroll") for (uint32_t i = 0; i < 4; i++)
        r[i] = *(const v16u *)(row_at(a, a->keys, tile * KB_TILE + 4 * g + i) + c);
      v16u l = LOW_HALF(r[0], r[1]), h = HIGH_HALF(r[0], r[1]), m = LOW_HALF(r[2], r[3]), n = HIGH_HALF(r[2], r[3]);
      v[g][0] = LOW_PAIR(l, m);
      v[g][1] = HIGH_PAIR(l, m);
      v[g][2] = LOW_PAIR(h, n);
      v[g][3] = HIGH_PAIR(h, n);
    }
    v16u *out = a->tile + c / 4;
    uint32_t bias = KB_BIASED ? 0x80808080 : 0;
    _Pragma("unroll") for (uint32_t k = 0; k < 4; k++) {
      out[k] = COLUMN(v, k, 0) ^ bias;
      out[4 + k] = COLUMN(v, k, 4) ^ bias;
      out[8 + k] = COLUMN(v, k, 8) ^ bias;
      out[12 + k] = COLUMN(v, k, 12) ^ bias;
    }
  }
}

/// A query's scores of a tile's keys, -infinity for those that do not count.
INLINE void store_scores(const attention *a, const kb_attention_query *q, uint32_t tile, v16i dot, float *scores) {
  const v16i lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  uint32_t j = tile * KB_TILE;
  v16f m = load(a->masks + (a->is_listed ? 0 : q->mask_row * KB_CACHE_BLOCK) + j);
  v16f s = fma16(__builtin_convertvector(dot, v16f), load(a->key_scales + j) * q->scale, m);
  bool are_whole = !a->is_listed && q->begin <= a->first + j && q->end >= a->first + j + KB_TILE && !kb_drops(q);
  if (!are_whole) {
    v16i at = a->is_listed ? *(const v16i *)(a->list->positions + j) : lanes + (int32_t)(a->first + j);
    v16i counts = (at >= (int32_t)q->begin) & (at < (int32_t)q->end) &
                  ((m > q->least) | ((m == q->least) & (at >= (int32_t)q->since)));
    s = select16(counts, s, splat(-__builtin_inff()));
  }
  store(scores + j, s);
}

/// Scores of a tile's keys for n queries.
#define SCORE_BLOCK(n)                                                                                          \
  INLINE void score_##n(const attention *a, const kb_attention_query *q, uint32_t first, uint32_t tile) {      \
    v16i dot[n];                                                                                                \
    _Pragma("unroll") for (int i = 0; i < n; i++) dot[i] = (v16i)(KB_BIASED ? a->unbias[first + i] : 0);        \
    for (uint32_t c = 0; c < a->stride / 4; c++) {                                                              \
      v16i k = (v16i)a->tile[c];                                                                                \
      _Pragma("unroll") for (int i = 0; i < n; i++) {                                                           \
        int32_t four;                                                                                           \
        memcpy(&four, q[first + i].codes + 4 * c, 4);                                                           \
        dot[i] = dot_signed(dot[i], k, four);                                                                   \
      }                                                                                                         \
    }                                                                                                           \
    _Pragma("unroll") for (int i = 0; i < n; i++)                                                               \
      store_scores(a, &q[first + i], tile, dot[i], a->scores + (size_t)(first + i) * KB_CACHE_BLOCK);           \
  }
SCORE_BLOCK(1)
SCORE_BLOCK(2)
SCORE_BLOCK(4)

INLINE float max_lanes(v16f v) {
  float lane[KB_TILE];
  store(lane, v);
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; l++) lane[l] = lane[l] > lane[l + step] ? lane[l] : lane[l + step];
  return lane[0];
}

/// Turns a query's scores into codes of weights.
INLINE kb_attention_part weigh_keys(const attention *a, float *scores, int16_t *weights) {
  const v16f infinity = splat(__builtin_inff());
  v16f max = -infinity;
  for (uint32_t j = 0; j < a->tiles * KB_TILE; j += KB_TILE) {
    v16f s = load(scores + j);
    max = select16(s > max, s, max);
  }
  kb_attention_part part = {.max = max_lanes(max)};
  if (part.max == -__builtin_inff()) {
    memset(weights, 0, a->tiles * KB_TILE * sizeof *weights);
    return part;
  }
  v16u magnitude = (v16u)0;
  v16i weight = (v16i)0;
  for (uint32_t j = 0; j < a->tiles * KB_TILE; j += KB_TILE) {
    v16f s = load(scores + j), e = exp16(s - part.max);
    v16f w = select16(s == -infinity, splat(0), e * load(a->value_scales + j));
    v16u m = (v16u)w & 0x7fffffff;
    weight += (v16i)(e * (1 / KB_WEIGHT_UNIT) + MAGIC) - MAGIC_BITS;
    magnitude = m > magnitude ? m : magnitude;
    store(scores + j, w);
  }
  uint32_t largest = __builtin_reduce_max(magnitude);
  bool is_usable = kb_is_usable(largest);
  part.weight = is_usable ? __builtin_reduce_add(weight) : 0;
  part.scale = is_usable ? kb_float(largest) / KB_WEIGHT_CODES : __builtin_nanf("");
  float reciprocal = is_usable && kb_float(largest) >= KB_WEIGHT_LEAST ? KB_WEIGHT_CODES / kb_float(largest) : 0;
  v16i kept = (v16i)0 - (int32_t)is_usable;
  for (uint32_t j = 0; j < a->tiles * KB_TILE; j += KB_TILE) {
    v16i code = (v16i)(load(scores + j) * reciprocal + MAGIC) - MAGIC_BITS;
    *(v16w *)(weights + j) = __builtin_convertvector(code & kept, v16w);
  }
  return part;
}

/// 16 dimensions of all values, two keys side by side.
INLINE void load_values(const attention *a, uint32_t dimension) {
  for (uint32_t i = 0; i < a->tiles * KB_TILE / 2; i++) {
    v16c x = *(const v16c *)(row_at(a, a->values, 2 * i) + dimension);
    v16c y = *(const v16c *)(row_at(a, a->values, 2 * i + 1) + dimension);
    v16c low = __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    v16c high = __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v16w *out = (v16w *)a->list->pairs[i];
    out[0] = __builtin_convertvector(low, v16w);
    out[1] = __builtin_convertvector(high, v16w);
  }
}

/// Sums of 16 dimensions for n queries.
#define SUM_BLOCK(n)                                                                                            \
  INLINE void sum_##n(const attention *a, uint32_t first, int32_t *sums) {                                      \
    const int16_t *weights = a->weights + (size_t)first * KB_CACHE_BLOCK;                                       \
    v16i sum[n];                                                                                                \
    _Pragma("unroll") for (int i = 0; i < n; i++) sum[i] = (v16i)0;                                             \
    for (uint32_t j = 0; j < a->tiles * KB_TILE / 2; j++) {                                                     \
      v16i v = *(const v16i *)a->list->pairs[j];                                                                \
      _Pragma("unroll") for (int i = 0; i < n; i++) {                                                           \
        int32_t two;                                                                                            \
        memcpy(&two, weights + i * KB_CACHE_BLOCK + 2 * j, 4);                                                  \
        sum[i] = dot_pairs(sum[i], v, two);                                                                     \
      }                                                                                                         \
    }                                                                                                           \
    _Pragma("unroll") for (int i = 0; i < n; i++) *(v16i *)(sums + (first + i) * a->stride) = sum[i];           \
  }
SUM_BLOCK(1)
SUM_BLOCK(2)
SUM_BLOCK(4)

/// Calls a function of blocks of 4, 2 and 1 queries for all of them.
#define FOR_QUERIES(count, function, ...)                              \
  do {                                                                 \
    uint32_t i = 0;                                                    \
    for (; i + 4 <= (count); i += 4) function##_4(__VA_ARGS__);        \
    if ((count) - i >= 2) function##_2(__VA_ARGS__), i += 2;           \
    if (i < (count)) function##_1(__VA_ARGS__);                        \
  } while (0)

static void attend(const kb_cache_block *b, const kb_attention_query *queries, uint32_t count, void *scratch,
                   kb_attention_part *parts, int32_t *sums) {
  attention a = choose_keys(b, queries, count, scratch);
  for (uint32_t i = 0; KB_BIASED && i < count; i++) {
    v16i sum = (v16i)0;
    for (uint32_t c = 0; c < a.stride; c += KB_TILE) sum += __builtin_convertvector(*(const v16c *)(queries[i].codes + c), v16i);
    a.unbias[i] = -128 * __builtin_reduce_add(sum);
  }
  if (a.is_listed && a.tiles) prefetch_tile(&a, a.keys, 0);
  for (uint32_t tile = 0; tile < a.tiles; tile++) {
    // Few queries wait for memory: what comes next is fetched meanwhile.
    if (tile + 1 < a.tiles) prefetch_tile(&a, a.keys, tile + 1);
    prefetch_tile(&a, a.values, tile);
    load_keys(&a, tile);
    FOR_QUERIES(count, score, &a, queries, i, tile);
  }
  for (uint32_t i = 0; i < count; i++)
    parts[i] = weigh_keys(&a, a.scores + (size_t)i * KB_CACHE_BLOCK, a.weights + (size_t)i * KB_CACHE_BLOCK);
  for (uint32_t c = 0; a.tiles && c < a.stride; c += KB_TILE) {
    if (b->next_keys && !a.is_listed) prefetch_rows(b->next_keys + c * 2 * KB_TILE, 2 * KB_TILE * KB_TILE);
    load_values(&a, c);
    FOR_QUERIES(count, sum, &a, i, sums + c);
  }
}

static void merge(const kb_attention_part *part, const int32_t *sums, uint32_t n, kb_attention_state *state, float *out) {
  if (part->max == -__builtin_inff()) return;
  float max = part->max > state->max ? part->max : state->max;
  float old = kb_s_exp(state->max - max), fresh = kb_s_exp(part->max - max), scale = fresh * part->scale;
  state->max = max;
  state->weight = __builtin_fmaf((float)part->weight, fresh * KB_WEIGHT_UNIT, state->weight * old);
  for (uint32_t c = 0; c < n; c += KB_TILE)
    store(out + c, fma16(__builtin_convertvector(*(const v16i *)(sums + c), v16f), splat(scale), load(out + c) * old));
}
