// Compares every kernel set that this processor has with the scalar one, bit for bit, on sizes around all edges and on extremes.
//
// It needs nothing but Sources/CKernels, so that run.sh can cross-compile it and run the NEON kernels under an emulator. It also
// prints a hash of what the scalar kernels gave, which has to be the same on every kind of processor.
#define _DEFAULT_SOURCE  // mmap with anonymous memory
#include "ckernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned passed, failed;
static uint64_t hash, state;
static const kb_kernels *scalar, *set;

// ---- numbers --------------------------------------------------------------------------

/// SplitMix64.
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}
static uint32_t below(uint32_t n) { return (uint32_t)(next() >> 33) % n; }
/// Uniform between -scale and scale.
static float uniform(float scale) { return ((float)(next() >> 40) * 0x1p-23f - 1) * scale; }

/// Numbers of an ordinary size and, now and then, one that is not.
static float number(float scale) {
  static const float odd[] = {0, -0.0f, 57000, -57000, 0x1p-133f, -0x1p-149f, 0x1p-126f, 1, -1, 3.5e9f};
  return below(9) == 0 ? odd[below(sizeof odd / sizeof *odd)] : uniform(scale);
}

// ---- memory ---------------------------------------------------------------------------

enum { SLOTS = 8, SLOT_BYTES = 1 << 20 };
static uint8_t *slots[SLOTS];

/// Memory that ends `slack` bytes before a page that nobody may touch. A slot is reused by the next call for it.
static void *guarded(int slot, size_t bytes, size_t slack) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (!slots[slot]) {
    slots[slot] = mmap(NULL, SLOT_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots[slot] == MAP_FAILED || mprotect(slots[slot] + SLOT_BYTES, page, PROT_NONE)) abort();
  }
  if (bytes + slack + 256 > SLOT_BYTES) abort();
  return slots[slot] + SLOT_BYTES - slack - bytes;
}

static float *floats(int slot, size_t n, float scale) {
  float *p = guarded(slot, n * sizeof(float), 0);
  for (size_t i = 0; i < n; i++) p[i] = number(scale);
  return p;
}

/// Results of two kinds: [0] of the scalar kernels, [1] of the others, filled with the same bytes.
typedef struct { void *of[2]; size_t bytes; } results;

static results make_results(size_t bytes, const void *start) {
  results r = {{guarded(6, bytes, 0), guarded(7, bytes, 0)}, bytes};
  for (int k = 0; k < 2; k++) {
    memset((uint8_t *)r.of[k] - 64, 0xa5, 64);
    if (start) memcpy(r.of[k], start, bytes); else memset(r.of[k], 0xcd, bytes);
  }
  return r;
}

static void note(bool ok, const char *what, uint32_t a, uint32_t b, uint32_t c) {
  if (ok) { passed++; return; }
  if (failed++ < 20) printf("%s: %s differs from scalar (%u, %u, %u)\n", set->name, what, a, b, c);
}

static void add_to_hash(const void *p, size_t n) {
  for (size_t i = 0; i < n; i++) hash = (hash ^ ((const uint8_t *)p)[i]) * 0x100000001b3;
}

/// Checks two results; nothing may be written before them.
static void check(results r, const char *what, uint32_t a, uint32_t b, uint32_t c) {
  bool ok = memcmp(r.of[0], r.of[1], r.bytes) == 0;
  for (int k = 0; k < 2; k++)
    for (int i = 1; i <= 64; i++) ok = ok && ((uint8_t *)r.of[k])[-i] == 0xa5;
  note(ok, what, a, b, c);
  add_to_hash(r.of[0], r.bytes);
}

static const kb_kernels *kernels(int k) { return k == 0 ? scalar : set; }

// ---- matrices -------------------------------------------------------------------------

enum fill { RANDOM, LOWEST, HIGHEST };

/// Columns of the fewest whole units of a type, and how many units those are.
static uint32_t block_columns(int type) {
  switch (type) {
    case KB_F32: return 1;
    case KB_F16: case KB_BF16: return 2;
    case KB_INT8: return 4;
    case KB_INT4: return 8;
    case KB_INT2: return 16;
    default: return 32;
  }
}
static uint32_t block_units(int type) { return type == KB_INT3 ? 3 : type == KB_INT5 ? 5 : type == KB_INT6 ? 6 : 1; }
static bool is_quantized(int type) { return type >= KB_INT4; }
static uint32_t padded_columns(int type, uint32_t cols) {
  uint32_t least = block_columns(type) < 4 ? 4 : block_columns(type);
  return (cols + least - 1) / least * least;
}

/// Puts a code into its block, whose units are `lanes` words apart.
static void put(uint32_t *units, uint32_t lanes, int type, uint32_t column, uint32_t code) {
  uint32_t byte = 8 * (column % 4);
  switch (type) {
    case KB_F32: case KB_F16: case KB_BF16: units[0] |= code << 16 * column; break;
    case KB_INT8: units[0] |= code << byte; break;
    case KB_INT2: units[column / 16 * lanes] |= code << (byte + 2 * (column % 16 / 4)); break;
    case KB_INT3:
      if (column < 24) units[column / 8 * lanes] |= code << (byte + 3 * (column / 4 % 2));
      else {
        units[(column / 4 - 6) * lanes] |= (code & 3) << (byte + 6);
        units[2 * lanes] |= (code >> 2) << (byte + column / 4);
      }
      break;
    default:
      units[column / 8 * lanes] |= (code & 15) << (byte + 4 * (column / 4 % 2));
      if (type == KB_INT5) units[4 * lanes] |= (code >> 4) << (byte + column / 4);
      if (type == KB_INT6) units[(column < 16 ? 4 : 5) * lanes] |= (code >> 4) << (byte + 2 * (column % 16 / 4));
  }
}

static kb_matrix matrix(int type, bool tiled, uint32_t rows, uint32_t cols, uint32_t group, int exponent, enum fill fill) {
  uint32_t per = block_columns(type), units = padded_columns(type, cols) / per * block_units(type);
  uint32_t lanes = tiled ? KB_TILE : 1, lines = (rows + lanes - 1) / lanes, groups = group ? (cols + group - 1) / group : 0;
  bool quantized = is_quantized(type);
  uint32_t *codes = guarded(0, (size_t)lines * units * lanes * 4, 4);
  const size_t scale_bytes = quantized ? 1 + below(2) : 0, all_scales = (size_t)lines * groups * lanes * scale_bytes;
  uint8_t *scales = guarded(1, all_scales, 2);
  memset(codes, 0, (size_t)lines * units * lanes * 4);
  memset(scales, 0, all_scales);
  for (uint32_t r = 0; r < rows; r++) {
    for (uint32_t c = 0; c < cols; c++) {
      uint32_t code = (uint32_t)next();
      if (type == KB_F32) { float x = number(1); memcpy(&code, &x, 4); }
      if (type == KB_F16) code = code % 0xbc00 & 0xffff;  // finite
      if (type == KB_BF16) code = (code & 0x8000) | (0x3000 + code % 0x1000);
      uint32_t sign = 1u << ((type & 15) - 1);  // of an integer, the low digit of whose type is its number of bits
      if (quantized) code = fill == LOWEST ? sign : fill == HIGHEST ? sign - 1 : code & (2 * sign - 1);
      if (type == KB_F16 && code >= 0x7c00 && code < 0x8000) code &= 0x3fff;
      size_t block = (size_t)(r / lanes) * units + c / per * block_units(type);
      put(codes + block * lanes + r % lanes, lanes, type, c % per, code);
    }
    for (uint32_t g = 0; g < groups && quantized; g++) {
      uint16_t h = below(8) ? (uint16_t)(0x400 + below(0x4c00)) : (uint16_t)(below(2) ? below(1024) : 0x8000 + below(0x5000));
      if (scale_bytes == 1) h = (uint16_t)(below(255) - 127);
      memcpy(scales + (((size_t)(r / lanes) * groups + g) * lanes + r % lanes) * scale_bytes, &h, scale_bytes);
    }
  }
  float unit;
  uint32_t bits = (uint32_t)(exponent + 127) << 23;
  memcpy(&unit, &bits, 4);
  return (kb_matrix){(const uint8_t *)codes, quantized ? scales : NULL, (size_t)units * lanes * 4, unit, rows, cols,
                     quantized ? group : 0, (uint8_t)type, tiled, (uint8_t)scale_bytes};
}

static void products(kb_matrix w, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float scale) {
  uint32_t padded = (w.rows + 15) / 16 * 16, y_stride = padded + 3;
  size_t stride = w.cols + 1;
  float *x = floats(2, (tokens - 1) * stride + w.cols, scale);
  float *packed = guarded(3, (size_t)tokens * w.cols * 4, 0);
  results y = make_results(((size_t)(tokens - 1) * y_stride + padded) * 4, NULL);
  for (int k = 0; k < 2; k++) {
    kernels(k)->pack(x, stride, tokens, w.cols, packed);
    kernels(k)->matmul(&w, packed, tokens, tile_begin, tile_end, y.of[k], y_stride);
  }
  check(y, "matmul", w.type, w.cols, tokens);
}

static void fast_products(kb_matrix w, uint32_t tokens, uint32_t tile_begin, uint32_t tile_end, float scale) {
  uint32_t padded = (w.rows + 15) / 16 * 16, y_stride = padded + 3;
  size_t stride = w.cols + 1;
  float *x = floats(2, (tokens - 1) * stride + w.cols, scale);
  results packed = make_results(kb_fast_bytes(tokens, w.cols), NULL);
  for (int k = 0; k < 2; k++) kernels(k)->quantize_rows(x, stride, tokens, w.cols, packed.of[k]);
  check(packed, "quantize_rows", w.cols, tokens, 0);
  void *copy[2] = {guarded(3, packed.bytes, 4), guarded(4, packed.bytes, 0)};
  for (int k = 0; k < 2; k++) memcpy(copy[k], packed.of[k], packed.bytes);
  results y = make_results(((size_t)(tokens - 1) * y_stride + padded) * 4, NULL);
  for (int k = 0; k < 2; k++) kernels(k)->matmul_fast(&w, copy[k], tokens, tile_begin, tile_end, y.of[k], y_stride);
  check(y, "matmul_fast", w.type * 1000 + w.group, w.cols, tokens);
}

static const uint32_t sizes[] = {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 72, 80, 120, 257, 576};
enum { SIZES = sizeof sizes / sizeof *sizes };
static const int types[] = {KB_F32, KB_F16, KB_BF16, KB_INT2, KB_INT3, KB_INT4, KB_INT5, KB_INT6, KB_INT8};
enum { FLOATS = 3, TYPES = sizeof types / sizeof *types };

static void test_products(void) {
  for (int i = 0; i < SIZES; i++)
    for (int t = 0; t < TYPES; t++) {
      uint32_t group = 32u << below(3);
      products(matrix(types[t], true, 21, sizes[i], group, -3, RANDOM), 1 + below(8), 0, 2, 1);
      products(matrix(types[t], true, 70, sizes[i], group, -3, RANDOM), 1, 0, 5, 1);
    }
  for (uint32_t tokens = 1; tokens <= 26; tokens++) products(matrix(KB_INT8, true, 16, 40, 32, 0, RANDOM), tokens, 0, 1, 1);
  products(matrix(KB_INT4, true, 150, 72, 32, 0, RANDOM), 7, 2, 8, 1);
}

static void test_fast(void) {
  for (uint32_t group = 32; group <= 128; group *= 2)
    for (int t = FLOATS; t < TYPES; t++) {
      for (uint32_t cols = 1; cols <= 300; cols += cols < 140 ? 1 : 7)
        fast_products(matrix(types[t], true, 17, cols, group, -3, RANDOM), 1 + below(3), 0, 2, 1);
      fast_products(matrix(types[t], true, 33, 576, group, 5, RANDOM), 2, 0, 3, 1);
      for (uint32_t tokens = 1; tokens <= 50; tokens += tokens < 20 ? 1 : 5)
        fast_products(matrix(types[t], true, 16, 72, group, 0, RANDOM), tokens, 0, 1, 1);
      for (uint32_t rows = 1; rows <= 50; rows += 7)
        fast_products(matrix(types[t], true, rows, 80, group, 0, RANDOM), 3, 0, (rows + 15) / 16, 1);
      fast_products(matrix(types[t], true, 150, 72, group, 0, RANDOM), 19, 2, 8, 1);
      for (int f = LOWEST; f <= HIGHEST; f++)
        for (int e = -110; e <= 20; e += 65)
          for (uint32_t tokens = 1; tokens <= 17; tokens += 8)
            fast_products(matrix(types[t], true, 32, 96, group, e, f), tokens, 0, 2, e < -100 ? 0x1p40f : 0x1p-60f);
    }
}

static void test_rows(void) {
  for (int tiled = 0; tiled < 2; tiled++)
    for (int t = 0; t < TYPES; t++)
      for (int i = 0; i < SIZES; i++) {
        kb_matrix w = matrix(types[t], tiled, 21, sizes[i], 32u << below(3), 4, RANDOM);
        for (uint32_t row = 0; row < 21; row += 4) {
          results r = make_results(w.cols * 4, NULL);
          for (int k = 0; k < 2; k++) kernels(k)->row(&w, row, r.of[k]);
          check(r, "row", w.type, w.cols, row);
        }
        uint32_t padded = padded_columns(w.type, w.cols);
        for (uint32_t tile = 0; tile < 2; tile++) {
          results r = make_results((size_t)padded * KB_TILE * 4, NULL);
          for (int k = 0; k < 2; k++) kernels(k)->values(&w, tile, r.of[k]);
          check(r, "values", w.type, w.cols, tile);
        }
      }
}

static void test_layers(void) {
  for (int i = 0; i < SIZES; i++) {
    uint32_t n = sizes[i];
    float *a = floats(2, n, 3), *b = floats(3, n, 3), *start = floats(4, 2 * n, 30);
    results one = make_results(4, NULL);
    for (int k = 0; k < 2; k++) *(float *)one.of[k] = kernels(k)->dot(a, b, n);
    check(one, "dot", n, 0, 0);
    results r = make_results(n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->axpy(1.7f, a, n, r.of[k]);
    check(r, "axpy", n, 0, 0);
    r = make_results(n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->add(r.of[k], a, n);
    check(r, "add", n, 0, 0);
    r = make_results(n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->gated_add(r.of[k], b, a, n);
    check(r, "gated_add", n, 0, 0);
    r = make_results(n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->divide(a, 2.7f, n, r.of[k]);
    check(r, "divide", n, 0, 0);
    r = make_results(n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->rms_norm(r.of[k], a, 1e-6f, n, r.of[k]);
    check(r, "rms_norm", n, 0, 0);
    r = make_results(2 * n * 4, start);
    for (int k = 0; k < 2; k++) kernels(k)->rotate(r.of[k], a, b, n);
    check(r, "rotate", n, 0, 0);
    for (int kind = KB_SILU; kind <= KB_RELU; kind++) {
      r = make_results(n * 4, start);
      for (int k = 0; k < 2; k++) kernels(k)->activate(kind, r.of[k], a, n);
      check(r, "activate", (uint32_t)kind, n, 0);
    }
    for (size_t slack = 0; slack < 4; slack++) {
      size_t bytes = n * 5;
      uint8_t *p = guarded(5, bytes, slack);
      for (size_t c = 0; c < bytes; c++) p[c] = (uint8_t)next();
      note(scalar->read_memory(p, bytes) == set->read_memory(p, bytes), "read_memory", n, (uint32_t)slack, 0);
    }
  }
  for (int i = 0; i < 120; i++) {
    uint32_t end = 1 + below(300), begin = below(end), padded = (end + 15) / 16 * 16 + 16;
    float *mask = floats(2, end, 40), *scores = floats(3, padded, 20);
    for (uint32_t j = 0; j + 1 < end; j++)
      if (below(6) == 0) mask[j] = -__builtin_inff();
    mask[end - 1] = -1;
    results r = make_results(padded * 4, scores);
    float sum[2];
    for (int k = 0; k < 2; k++) sum[k] = kernels(k)->softmax(r.of[k], mask, 0.17677669f, begin, end, padded);
    check(r, "softmax", begin, end, 0);
    note(memcmp(&sum[0], &sum[1], 4) == 0, "softmax's sum", begin, end, 0);
    add_to_hash(&sum[0], 4);
  }
}

static void test_logits(void) {
  for (int i = 1; i < SIZES; i++) {
    uint32_t n = sizes[i];
    float *a = guarded(2, n * 4, 0), *b = guarded(3, n * 4, 0);
    for (uint32_t c = 0; c < n; c++) { a[c] = uniform(20); b[c] = a[c] + uniform(0.3f); }
    results one = make_results(8, NULL);
    for (int k = 0; k < 2; k++) *(double *)one.of[k] = kernels(k)->log_sum_exp(a, n);
    check(one, "log_sum_exp", n, 0, 0);
    results r = make_results(sizeof(kb_logit_difference), NULL);
    for (int k = 0; k < 2; k++) kernels(k)->compare_logits(a, b, n, r.of[k]);
    check(r, "compare_logits", n, 0, 0);
  }
}

static void test_sampling(void) {
  for (int i = 0; i < SIZES; i++) {
    uint32_t n = sizes[i], padded = (n + 15) / 16 * 16, index[2], k = 1 + below(n);
    float *x = floats(2, n, 4), *scores = guarded(3, padded * 4, 0), value[2], dropped = 0.3f;
    for (uint32_t c = 0; c < padded; c++) scores[c] = c < n ? x[c] : -__builtin_inff();
    for (int s = 0; s < 2; s++) index[s] = kernels(s)->largest(x, n, &value[s]);
    note(index[0] == index[1] && value[0] == value[1], "largest", n, 0, 0);
    note(scalar->kth_largest(x, n, k) == set->kth_largest(x, n, k), "kth_largest", n, k, 0);
    note(scalar->often_reached(x, n, k) == set->often_reached(x, n, k), "often_reached", n, k, 0);
    float least = scalar->kth_largest(x, n, k);
    results ids = make_results(n * 4, NULL);
    for (int s = 0; s < 2; s++) kernels(s)->reaching(x, n, least, ids.of[s]);
    check(ids, "reaching", n, k, 0);
    results w = make_results(padded * 8, NULL);
    for (int s = 0; s < 2; s++) kernels(s)->weigh(scores, value[0], padded, w.of[s]);
    check(w, "weigh", n, 0, 0);
    double *weights = guarded(4, padded * 8, 0), total = 0, sum[2];
    memcpy(weights, w.of[0], padded * 8);
    kb_cut cut = {-__builtin_inff(), 0}, cuts[2];
    scalar->add_until(scores, weights, padded, cut, __builtin_inf(), &total);
    void *scratch = guarded(5, padded * 4, 0);
    for (int s = 0; s < 2; s++) cuts[s] = kernels(s)->mass_cut(scores, weights, padded, total, dropped, scratch);
    note(cuts[0].least == cuts[1].least && cuts[0].first == cuts[1].first, "mass_cut", n, 0, 0);
    for (int s = 0; s < 2; s++) index[s] = kernels(s)->add_until(scores, weights, padded, cuts[0], total * 0.4, &sum[s]);
    note(index[0] == index[1] && memcmp(&sum[0], &sum[1], 8) == 0, "add_until", n, 0, 0);
    results left = make_results(padded * 4, scores);
    for (int s = 0; s < 2; s++) {
      double *copy = guarded(5, padded * 8, 0);
      memcpy(copy, weights, padded * 8);
      kernels(s)->drop_unlikely(left.of[s], copy, padded, cuts[0], total, 0.01f);
    }
    check(left, "drop_unlikely", n, 0, 0);
  }
}

static void test_sources(void) {
  static const uint32_t counts[] = {0, 1, 15, 16, 17, 300, 1023, 1024, 1025, 2500};
  for (int i = 0; i < 10; i++)
    for (int source = KB_SOURCE_F32; source <= KB_SOURCE_F64; source++)
      for (int special = 0; special < 2; special++) {
        uint32_t n = counts[i], width = source == KB_SOURCE_F64 ? 8 : source == KB_SOURCE_F32 ? 4 : 2;
        uint8_t *p = guarded(2, (size_t)n * width, special);
        for (uint32_t c = 0; c < n; c++) {
          float f = number(2);
          double d = (double)f + (double)uniform(1) * 0x1p-20;
          uint16_t h = source == KB_SOURCE_F16 ? (uint16_t)below(0x7c00) : (uint16_t)(next() & 0xbfff);
          memcpy(p + (size_t)c * width, source == KB_SOURCE_F64 ? (void *)&d : source == KB_SOURCE_F32 ? (void *)&f : (void *)&h, width);
        }
        results r = make_results((size_t)n * 4, NULL);
        for (int k = 0; k < 2; k++) kernels(k)->widen(source, p, n, r.of[k]);
        check(r, "widen", (uint32_t)source, n, 0);
        if (special && n) {  // something infinite, somewhere
          double d = __builtin_inf();
          float f = __builtin_inff();
          uint16_t h = source == KB_SOURCE_F16 ? 0x7c00 : 0x7f80;
          memcpy(p + (size_t)below(n) * width, source == KB_SOURCE_F64 ? (void *)&d : source == KB_SOURCE_F32 ? (void *)&f : (void *)&h, width);
        }
        results m = make_results(4, NULL);
        size_t found[2];
        for (int k = 0; k < 2; k++) found[k] = kernels(k)->scan(source, p, n, m.of[k]);
        note(found[0] == found[1], "scan's place", (uint32_t)source, n, 0);
        if (found[0] == n) check(m, "scan", (uint32_t)source, n, 0);
      }
}

/// A tile [cols][16] with some zeros and tiny values.
static float *sample_tile(uint32_t cols) {
  float *in = guarded(4, (size_t)cols * KB_TILE * 4, 0);
  for (size_t c = 0; c < (size_t)cols * KB_TILE; c++) in[c] = below(30) ? uniform(2) : below(2) ? 0 : uniform(0x1p-20f);
  return in;
}

static void test_encoding(void) {
  kb_tile_error zero = {{0}, {0}, {0}, {0}};
  for (int i = 0; i < SIZES; i++) {
    uint32_t n = sizes[i], cols = padded_columns(KB_INT4, n);
    float *rows = floats(2, 15 * (size_t)(n + 2) + n, 3);
    results r = make_results((size_t)n * KB_TILE * 4, NULL);
    for (int k = 0; k < 2; k++) kernels(k)->tile(rows, n + 2, n, r.of[k]);
    check(r, "tile", n, 0, 0);
    uint32_t *units = (uint32_t *)floats(3, (size_t)n * KB_TILE, 3);
    for (uint32_t count = 1; count <= 16; count += 5) {
      r = make_results(((size_t)(count - 1) * (n + 1) + n) * 4, NULL);
      for (int k = 0; k < 2; k++) kernels(k)->untile(units, n, count, r.of[k], n + 1);
      check(r, "untile", n, count, 0);
    }
    float *in = sample_tile(cols);
    for (int t = 0; t < FLOATS; t++)
      for (int overflow = 0; overflow < 2; overflow++) {
        if (overflow) in[below(cols * KB_TILE)] = 0x1.ffffp127f;
        size_t bytes = (size_t)cols * KB_TILE * (types[t] == KB_F32 ? 4 : 2);
        r = make_results(bytes + sizeof zero, NULL);
        int64_t at[2];
        for (int k = 0; k < 2; k++) {
          memcpy((uint8_t *)r.of[k] + bytes, &zero, sizeof zero);
          at[k] = kernels(k)->encode_float(types[t], in, cols, r.of[k], (kb_tile_error *)((uint8_t *)r.of[k] + bytes));
        }
        note(at[0] == at[1], "encode_float's place", (uint32_t)types[t], n, 0);
        if (at[0] < 0) check(r, "encode_float", (uint32_t)types[t], n, 0);
        if (overflow)
          for (size_t c = 0; c < (size_t)cols * KB_TILE; c++)
            if (in[c] > 1e38f) in[c] = 1;
      }
    for (int t = FLOATS; t < TYPES; t++)
      for (int method = KB_RTN; method < KB_GIVEN; method++) {
        cols = padded_columns(types[t], n);
        in = sample_tile(cols);
        uint32_t group = 32u << below(3), groups = (cols + group - 1) / group;
        size_t bytes = (size_t)cols / block_columns(types[t]) * block_units(types[t]) * KB_TILE * 4, more = (size_t)groups * KB_TILE * 2;
        int exponent = below(2) ? -14 : (int)below(3) - 1;
        r = make_results(bytes + more + sizeof zero, NULL);
        for (int k = 0; k < 2; k++) {
          uint8_t *p = r.of[k];
          kb_tile_error error = zero;
          kernels(k)->quantize(types[t], method, in, cols, group, exponent, (uint32_t *)p, (uint16_t *)(p + bytes), &error);
          memcpy(p + bytes + more, &error, sizeof error);
        }
        check(r, method == KB_RTN || method == KB_SHORT_RTN ? "quantize by rtn" : "quantize by search", (uint32_t)types[t], n, group);
      }
  }
}

/// Attention to a block of codes: few and many queries, whole and partly seen blocks, kept and dropped keys.
static void test_attention(void) {
  static const uint32_t heads[] = {8, 64, 100, 128};
  for (int h = 0; h < 4; h++)
    for (uint32_t count = 1; count <= 21; count += 5)
      for (int kind = 0; kind < 4; kind++) {
        uint32_t n = heads[h], padded = kb_padded_head(n), first = KB_CACHE_BLOCK * below(3);
        int8_t *rows[3];  // keys, values, queries: codes as every set makes them
        float *scales[3];
        for (int i = 0; i < 3; i++) {
          uint32_t lines = i < 2 ? KB_CACHE_BLOCK : count;
          float *x = floats(2, (size_t)lines * n, 3);
          results r = make_results((size_t)lines * (padded + 4), NULL);
          for (int k = 0; k < 2; k++)
            for (uint32_t row = 0; row < lines; row++) {
              float scale = kernels(k)->quantize_head(x + (size_t)row * n, n, (int8_t *)r.of[k] + (size_t)row * padded);
              memcpy((int8_t *)r.of[k] + (size_t)lines * padded + row * 4, &scale, 4);
            }
          check(r, "quantize_head", n, lines, 0);
          rows[i] = memcpy(malloc((size_t)lines * (padded + 4)), r.of[0], (size_t)lines * (padded + 4));
          scales[i] = (float *)(rows[i] + (size_t)lines * padded);
        }
        float *masks = floats(2, 2 * KB_CACHE_BLOCK, 3);
        kb_cache_block block = {.keys = rows[0], .values = rows[1], .key_scales = scales[0], .value_scales = scales[1],
                                .masks = masks, .first = first, .padded_head = padded};
        kb_attention_query queries[21];
        for (uint32_t q = 0; q < count; q++) {
          uint32_t seen = kind == 0 ? KB_CACHE_BLOCK : below(KB_CACHE_BLOCK + 1);
          queries[q] = (kb_attention_query){.codes = rows[2] + q * padded, .scale = scales[2][q] * 0.1f,
                                            .begin = kind == 1 ? first + below(KB_CACHE_BLOCK) : 0, .end = first + seen,
                                            .mask_row = below(2), .least = -__builtin_inff(), .since = 0};
          if (kind > 1) {
            queries[q].since = first + below(KB_CACHE_BLOCK);
            queries[q].least = kind == 2 ? masks[KB_CACHE_BLOCK * queries[q].mask_row + queries[q].since - first] : 1e30f;
          }
        }
        size_t part_bytes = count * sizeof(kb_attention_part), sum_bytes = (size_t)count * padded * 4;
        results r = make_results(part_bytes + sum_bytes + (size_t)count * (padded * 4 + sizeof(kb_attention_state)), NULL);
        for (int k = 0; k < 2; k++) {
          kb_attention_part *parts = r.of[k];
          int32_t *sums = (int32_t *)((uint8_t *)r.of[k] + part_bytes);
          kb_attention_state *states = (kb_attention_state *)((uint8_t *)sums + sum_bytes);
          float *out = (float *)(states + count);
          memset(r.of[k], 0, part_bytes + sum_bytes + (size_t)count * (padded * 4 + sizeof *states));
          void *scratch = aligned_alloc(64, (kb_attend_scratch(count, padded) + 63) / 64 * 64);
          kernels(k)->attend(&block, queries, count, scratch, parts, sums);
          free(scratch);
          for (uint32_t q = 0; q < count; q++) {
            states[q].max = -__builtin_inff();
            for (int twice = 0; twice < 2; twice++)
              kernels(k)->merge(parts + q, sums + q * padded, n, states + q, out + (size_t)q * padded);
            // Behind the head, and where no key counts, sums and results may be anything.
            for (uint32_t c = parts[q].max == -__builtin_inff() ? 0 : n; c < padded; c++) sums[q * padded + c] = 0;
            for (uint32_t c = n; c < padded; c++) out[q * padded + c] = 0;
          }
        }
        check(r, "attend", n, count, (uint32_t)kind);
        for (int i = 0; i < 3; i++) free(rows[i]);
      }
}

int main(int count, char **names) {
  scalar = kb_kernels_for(KB_SCALAR);
  for (int isa = KB_SCALAR + 1; isa < KB_ISA_COUNT; isa++) {
    if (!(set = kb_kernels_for(isa))) continue;
    unsigned before = failed;
    state = 1;
    hash = 0xcbf29ce484222325;
    test_products();
    test_fast();
    test_rows();
    test_layers();
    test_logits();
    test_sampling();
    test_attention();
    test_sources();
    test_encoding();
    printf("%s: %s\n", set->name, failed == before ? "equals scalar" : "DIFFERS from scalar");
    for (int i = 1; i < count; i++)
      if (strcmp(names[i], set->name) == 0) names[i] = "";
  }
  for (int i = 1; i < count; i++)  // sets that have to be there
    if (*names[i]) {
      printf("%s: not there\n", names[i]);
      failed++;
    }
  printf("hash of the scalar results: %016llx\n", (unsigned long long)hash);
  printf("%u passed, %u failed\n", passed, failed);
  return failed > 0 || passed == 0;
}
