// The kernels of kibble: one table of functions for each instruction set, all with the same results to the bit.
//
// formats/numerics.md says what each one computes. Kernels take raw pointers and counts; they allocate nothing, keep no state and
// know no threads. Work is split between threads by tiles or rows, so no sum ever crosses a thread.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Rows of a tile: one AVX-512 vector of 32-bit lanes, two of AVX2, four of NEON.
#define KB_TILE 16

/// Element types of stored matrices; the codes of formats/kibble-v1.md.
enum { KB_F32 = 1, KB_F16 = 2, KB_BF16 = 3, KB_INT4 = 4, KB_INT5 = 5, KB_INT6 = 6, KB_INT8 = 8, KB_INT2 = 0x12, KB_INT3 = 0x13 };

/// Element types of source tensors.
enum { KB_SOURCE_F32, KB_SOURCE_F16, KB_SOURCE_BF16, KB_SOURCE_F64 };

/// Activation functions.
enum { KB_SILU, KB_GELU, KB_GELU_TANH, KB_RELU };

/// How the scale of a group is chosen; short ones are integers of 8 bits.
enum { KB_RTN, KB_SEARCH, KB_SHORT_RTN, KB_SHORT_SEARCH, KB_GIVEN };

/// A stored matrix [rows, cols], as it lies in a file or in memory.
typedef struct {
  const uint8_t *codes;   ///< 4-byte units: tiled [row tile][unit][16], otherwise [row][unit]
  const uint8_t *scales;  ///< binary16 or int8: tiled [row tile][group][16], otherwise [row][group]; NULL for floats
  size_t tile_stride;     ///< bytes from one tile's (or row's) units to the next one's
  float scale_unit;       ///< 2^E: a group's scale is what is stored times this
  uint32_t rows, cols;    ///< without padding
  uint32_t group;         ///< columns that share a scale; 0 for floats
  uint8_t type;           ///< KB_F32 …
  uint8_t tiled;          ///< 1: 16 rows interleaved; 0: row after row
  uint8_t scale_bytes;    ///< of a scale: 2 for binary16, 1 for int8
  uint8_t follows;        ///< 1 for a band behind one that the same rows are multiplied by just before
} kb_matrix;

/// The codes of a quantized type, and how its scales are searched.
typedef struct {
  float low, high;      ///< the least and the greatest code
  const float *levels;  ///< candidates L: trial scales of a group are m / L for its extreme value m
  int32_t level_count;
} kb_code_range;

/// The error that encoding made, in the lanes (rows) of a tile.
typedef struct {
  double squared_error[KB_TILE];
  double squared_value[KB_TILE];
  double squared_stored[KB_TILE];
  double max_abs_error[KB_TILE];
} kb_tile_error;

/// How two rows of logits differ, in binary64.
typedef struct {
  double kl;                            ///< KL(reference || candidate), nats
  double reverse_kl;                    ///< KL(candidate || reference)
  double reference_lse, candidate_lse;  ///< log of the sum of exp
  double squared_difference, max_abs_difference;
  double reference_sum, reference_square_sum;
  uint32_t reference_top, candidate_top;  ///< index of the largest logit, the lowest of equals
  float reference_margin;                 ///< largest logit less the second
} kb_logit_difference;

/// Tokens with a score above `least`, and those that have it from index `first` on.
typedef struct {
  float least;
  uint32_t first;
} kb_cut;

/// Sine and cosine of one angle.
typedef struct {
  double sine, cosine;
} kb_sine_cosine;

/// Positions of a block of cached keys and values.
enum { KB_CACHE_BLOCK = 128 };

/// Keys and values of one kv head at the positions of a block, in codes of eight bits. Rows have `kb_padded_head` codes, with zeros
/// behind the head's.
typedef struct {
  const int8_t *keys, *values;             ///< [128][padded head]
  const int8_t *next_keys;                 ///< those of the block that is next, to be fetched; may be NULL
  const float *key_scales, *value_scales;  ///< [128]
  const float *masks;                      ///< what is added to scores, [mask rows][128]
  uint32_t first;                          ///< the first position
  uint32_t padded_head;
} kb_cache_block;

/// A query of one head, and the keys that count for it.
typedef struct {
  const int8_t *codes;   ///< [padded head]
  float scale;           ///< of the codes, times what scores are scaled by
  uint32_t begin, end;   ///< the positions that it sees
  uint32_t mask_row;
  /// Of the positions that it sees those count whose mask is over `least`, or equal to it from position `since` on.
  float least;
  uint32_t since;
} kb_attention_query;

/// What a block gives to a query, beside the sums of values: their largest score (-infinity for no key), the sum of their weights in
/// units of 2^-22, and the scale of the sums.
typedef struct {
  float max, scale;
  int32_t weight;
} kb_attention_part;

/// What some blocks gave to a query, beside the sums of values.
typedef struct {
  float max, weight;
} kb_attention_state;

/// One instruction set's kernels.
typedef struct {
  const char *name;
  /// Tokens of a block of `pack`: a packed range of tokens may be cut at its multiples.
  uint32_t token_block;

  // ---- products, exact ----
  /// Rearranges `tokens` rows of x [tokens, cols], a row every `stride` floats, for `matmul`. `packed` holds tokens * cols floats.
  void (*pack)(const float *x, size_t stride, uint32_t tokens, uint32_t cols, float *packed);
  /// y[token][row] = sum over columns of W[row][c] * x[token][c], for the rows of tiles tile_begin ..< tile_end of a tiled matrix.
  /// y has a row every `y_stride` floats and room for whole tiles.
  void (*matmul)(const kb_matrix *w, const float *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                 size_t y_stride);
  /// The values of one row.
  void (*row)(const kb_matrix *w, uint32_t row, float *out);
  /// Lane sum of a[i] * b[i].
  float (*dot)(const float *a, const float *b, uint32_t n);
  /// y[i] = fma(s, a[i], y[i]).
  void (*axpy)(float s, const float *a, uint32_t n, float *y);

  // ---- products, fast: int8 activations ----
  /// Quantizes `tokens` rows of x [tokens, cols] in groups of 32 columns, for `matmul_fast`. `packed` holds kb_fast_bytes; a range of
  /// tokens that begins at a multiple of KB_FAST_TOKENS begins at kb_fast_bytes of those before it.
  void (*quantize_rows)(const float *x, size_t stride, uint32_t tokens, uint32_t cols, void *packed);
  /// As `matmul`, for matrices of integers: integers are summed within groups of 32 columns, groups as binary32 in order.
  void (*matmul_fast)(const kb_matrix *w, const void *packed, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float *y,
                      size_t y_stride);

  // ---- the rest of a layer ----
  /// y = w * (x / sqrt(mean(x^2) + eps)); y may be x.
  void (*rms_norm)(const float *x, const float *w, float eps, uint32_t n, float *y);
  /// x[i] = fma(gate[i], x[i], a[i]).
  void (*gated_add)(float *x, const float *gate, const float *a, uint32_t n);
  /// y[i] += a[i].
  void (*add)(float *y, const float *a, uint32_t n);
  /// gate[i] = activation(gate[i]) * up[i].
  void (*activate)(int kind, float *gate, const float *up, uint32_t n);
  /// Rotates the pairs (x[i], x[i + half]).
  void (*rotate)(float *x, const float *cosine, const float *sine, uint32_t half);
  /// scores[j] = exp(fma(scores[j], scale, mask[j]) - max) for begin <= j < end, +0 elsewhere below `padded`; returns their lane sum.
  float (*softmax)(float *scores, const float *mask, float scale, uint32_t begin, uint32_t end, uint32_t padded);
  /// y[i] = x[i] / divisor.
  void (*divide)(const float *x, float divisor, uint32_t n, float *y);

  // ---- attention to codes of eight bits ----
  /// Quantizes the n values of a head with one scale, which it returns; zeros behind them up to kb_padded_head(n).
  float (*quantize_head)(const float *x, uint32_t n, int8_t *codes);
  /// Attends from some queries to a block. sums[query][padded head] of a query without a key are not written. `scratch` holds
  /// kb_attend_scratch bytes, aligned to 64.
  void (*attend)(const kb_cache_block *block, const kb_attention_query *queries, uint32_t count, void *scratch,
                 kb_attention_part *parts, int32_t *sums);
  /// Adds what a block gave: state and out[n] begin with max = -infinity and zeros; out has room for whole vectors.
  void (*merge)(const kb_attention_part *part, const int32_t *sums, uint32_t n, kb_attention_state *state, float *out);

  /// Reads memory and does nothing else, to measure how fast that goes; returns the exclusive or of its words.
  uint32_t (*read_memory)(const void *p, size_t bytes);

  // ---- logits ----
  /// log of the sum of exp over n logits, in binary64.
  double (*log_sum_exp)(const float *logits, uint32_t n);
  /// Compares two rows of n logits.
  void (*compare_logits)(const float *reference, const float *candidate, uint32_t n, kb_logit_difference *out);

  // ---- choosing a token ----
  /// The index of the largest of n values, the first of equals, and that value; NaN and 0 if one of them is NaN.
  uint32_t (*largest)(const float *x, uint32_t n, float *value);
  /// The k-th largest of n values, none of them NaN; -0 counts as 0.
  float (*kth_largest)(const float *x, uint32_t n, uint32_t k);
  /// A value that at least k of n values reach, and few more where k is small; NaN if one of them is NaN.
  float (*often_reached)(const float *x, uint32_t n, uint32_t k);
  /// The indices of the values that are no less than `least`, rising; returns how many.
  uint32_t (*reaching)(const float *x, uint32_t n, float least, uint32_t *indices);
  // In those below n is a multiple of 16: past the last score stand -infinity, and 0 as its weight.
  /// weights[i] = exp(scores[i] - largest), the difference in binary32 and exp in binary64.
  void (*weigh)(const float *scores, float largest, uint32_t n, double *weights);
  /// Adds up the weights of the tokens behind a cut, one after the other, until their sum exceeds `limit`; returns the index of the
  /// one with which it does, or n.
  uint32_t (*add_until)(const float *scores, const double *weights, uint32_t n, kb_cut cut, double limit, double *sum);
  /// Where the tokens begin that stay if those with the least scores, of equals the first, go as long as they have at most `dropped`
  /// of the mass together; the last one stays. A token has its weight / total, in binary32. `scratch` holds n numbers.
  kb_cut (*mass_cut)(const float *scores, const double *weights, uint32_t n, double total, float dropped, uint32_t *scratch);
  /// Drops tokens before a cut and those whose weight / total, in binary32, is below `least`: their score becomes -infinity and their
  /// weight 0.
  void (*drop_unlikely)(float *scores, double *weights, uint32_t n, kb_cut cut, double total, float least);

  // ---- encoding ----
  /// The values of 16 rows of a stored matrix, from row tile * 16, as a tile [padded columns][16] with zeros for padding.
  void (*values)(const kb_matrix *w, uint32_t tile, float *out);
  /// n source elements, widened to binary32.
  void (*widen)(int source, const void *in, size_t n, float *out);
  /// The largest magnitude of n source elements, and the index of the first that is not finite in binary32 (n if none).
  size_t (*scan)(int source, const void *in, size_t n, float *magnitude);
  /// 16 rows [16][stride] to a tile [cols][16].
  void (*tile)(const float *rows, size_t stride, uint32_t cols, float *out);
  /// A tile's units [units][16] to rows: row r's units start at out + r * stride, for the first `rows` rows.
  void (*untile)(const uint32_t *in, uint32_t units, uint32_t rows, uint32_t *out, size_t stride);
  /// Encodes a tile [cols][16] as floats of `type` (cols whole units). Returns the column * 16 + lane of the first value that
  /// overflows the type, or -1.
  int64_t (*encode_float)(int type, const float *in, uint32_t cols, uint32_t *units, kb_tile_error *error);
  /// Quantizes a tile [cols][16] (cols whole blocks): units [units][16] and scales [groups][16], which KB_GIVEN reads instead.
  void (*quantize)(int type, int method, const float *in, uint32_t cols, uint32_t group, int exponent, uint32_t *units,
                   uint16_t *scales, kb_tile_error *error);
} kb_kernels;

/// Instruction sets, from the plainest.
enum { KB_SCALAR, KB_AVX2, KB_AVX512, KB_AVX512VNNI, KB_NEON, KB_NEONDOT, KB_ISA_COUNT };

/// The kernels of an instruction set; NULL where this build or this processor lacks it.
const kb_kernels *kb_kernels_for(int isa);

// ---- functions that are the same for every instruction set ----
/// Tokens of a block of quantized rows.
enum { KB_FAST_TOKENS = 16 };
/// Bytes of `tokens` quantized rows of `cols` columns.
size_t kb_fast_bytes(uint32_t tokens, uint32_t cols);
/// Codes of a head with its padding: whole vectors of 64.
static inline uint32_t kb_padded_head(uint32_t n) { return (n + 63) / 64 * 64; }
/// Bytes that `attend` needs for so many queries.
size_t kb_attend_scratch(uint32_t queries, uint32_t padded_head);
/// The codes of a quantized type.
kb_code_range kb_codes_of(int type);
double kb_exp64(double x);
double kb_log64(double x);
double kb_tanh64(double x);
double kb_erf64(double x);
double kb_pow64(double base, double exponent);
kb_sine_cosine kb_sincos64(double x);
/// exp(a * softplus(z)), rounded once.
float kb_dynamic_mask(float a, float z);
/// exp as the kernels compute it.
float kb_exp32(float x);
/// Copies mask[begin ..< end] to out with all but the `keep` largest set to -infinity; of equals the later stay.
void kb_keep_largest(const float *mask, uint32_t begin, uint32_t end, uint32_t keep, float *out);
/// Product-key routing: the k largest of x[a] + y[b] (0 <= a, b < keys), ties to the lower a * keys + b, in falling order, and their
/// softmax. k is at most keys * keys; `scratch` holds kb_route_scratch(k) bytes.
void kb_route(const float *x, const float *y, uint32_t keys, uint32_t k, uint32_t *experts, float *weights, void *scratch);
/// The indices of the k <= 16 largest of n >= k values in falling order, of equals the lower index first; NaN counts as the least.
void kb_largest(const float *values, uint32_t n, uint32_t k, uint32_t *indices);
/// Bytes that kb_route needs for k experts.
size_t kb_route_scratch(uint32_t k);

/// Entropy-coded codes, as formats/packed-v1.md has them: rANS with states that take turns from column to column.
enum { KB_ENTROPY_STATES = 8, KB_ENTROPY_BITS = 12 };

/// A chunk while it is decoded.
typedef struct {
  const uint8_t *next, *end;  ///< 16-bit words that are left
  uint32_t states[KB_ENTROPY_STATES];
} kb_entropy;

/// How the codes of a row were coded.
typedef struct {
  /// For each table 2^12 slots: symbol << 24 | (frequency - 1) << 12 | place among the symbol's slots.
  const uint32_t *tables;
  /// The table of a column: the sum of its group's and its own, but at least `first` and at most `last`.
  const int32_t *group_tables;
  const uint8_t *column_tables;
  int32_t first, last;
  uint32_t cols, group;
  const uint8_t *multipliers;  ///< of each column's codes; NULL where all are 1
} kb_coded_row;

/// Begins a chunk: false where it is too short, or its states are none.
bool kb_entropy_begin(kb_entropy *chunk, const uint8_t *bytes, size_t count);
/// Decodes a row's codes: false where the chunk ends too early, or a code does not fit the type.
bool kb_entropy_row(kb_entropy *chunk, const kb_coded_row *row, int type, int8_t *codes);
/// Whether a chunk was read to its end, and everything in it was as its writer had it.
bool kb_entropy_ends(const kb_entropy *chunk);
/// Puts a row's codes, with zeros up to its padded columns, into units that are zero and `stride` units apart.
void kb_put_codes(int type, const int8_t *codes, uint32_t padded, uint32_t *units, size_t stride);
/// The codes of a row of a quantized matrix.
void kb_codes(const kb_matrix *w, uint32_t row, int8_t *codes);

uint16_t kb_f16_from_f32(float x);
float kb_f32_from_f16(uint16_t h);
uint16_t kb_bf16_from_f32(float x);

#endif
