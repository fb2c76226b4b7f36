// Times two layouts of a weight matrix for matrix-vector products, to choose that of the .kibble format:
//
//   tiles  16 rows interleaved in 4-byte units (f32 x 1, int8 x 4 or int4 x 8 columns): a lane is an output row
//   rows   plain row-major: a lane is a column, and each row ends in a horizontal sum
//
//   clang -O3 -o layouts layouts.c && ./layouts        (x86-64 with AVX-512 VNNI)
//
// One thread; codes with one f16 scale per row and group of 32; best of 9 rounds. `small` stays in the L2 cache, `large` comes
// from memory. The results of both layouts are compared before anything is timed.
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,f16c,fma")))
enum { GROUP = 32 };
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }

typedef struct { int rows, cols; uint8_t *codes; uint16_t *scales; } Matrix;
static int8_t x8[8192]; static int32_t sums[256]; static float x32[8192];

// ---- tiles ----------------------------------------------------------------------------
TARGET static void f32_tiles(const Matrix *m, float *y) {
  for (int t = 0; t < m->rows; t += 64) {  // four tiles at once: four independent chains
    const float *w = (const float *)m->codes + (size_t)t * m->cols;
    size_t step = (size_t)16 * m->cols;
    __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
    for (int i = 0; i < m->cols; i++, w += 16) {
      __m512 x = _mm512_set1_ps(x32[i]);
      a = _mm512_fmadd_ps(_mm512_loadu_ps(w), x, a); b = _mm512_fmadd_ps(_mm512_loadu_ps(w + step), x, b);
      c = _mm512_fmadd_ps(_mm512_loadu_ps(w + 2 * step), x, c); d = _mm512_fmadd_ps(_mm512_loadu_ps(w + 3 * step), x, d);
    }
    _mm512_storeu_ps(y + t, a); _mm512_storeu_ps(y + t + 16, b); _mm512_storeu_ps(y + t + 32, c); _mm512_storeu_ps(y + t + 48, d);
  }
}
TARGET static void int_tiles(const Matrix *m, float *y, int bits) {
  int groups = m->cols / GROUP;
  const __m512i flip = _mm512_set1_epi8((char)(bits == 8 ? 0x80 : 0x88)), low = _mm512_set1_epi8(15);
  for (int t = 0; t < m->rows; t += 16) {
    const uint8_t *c = m->codes + (size_t)t * m->cols * bits / 8;
    const uint16_t *s = m->scales + (size_t)t * groups;
    __m512 sum = _mm512_setzero_ps();
    for (int g = 0; g < groups; g++) {
      const int32_t *xv = (const int32_t *)(x8 + g * GROUP);
      __m512i a = _mm512_setzero_si512(), b = a;
      if (bits == 8)
        for (int i = 0; i < 8; i += 2, c += 128) {
          a = _mm512_dpbusd_epi32(a, _mm512_xor_si512(_mm512_loadu_si512(c), flip), _mm512_set1_epi32(xv[i]));
          b = _mm512_dpbusd_epi32(b, _mm512_xor_si512(_mm512_loadu_si512(c + 64), flip), _mm512_set1_epi32(xv[i + 1]));
        }
      else
        for (int i = 0; i < 4; i++, c += 64) {
          __m512i w = _mm512_xor_si512(_mm512_loadu_si512(c), flip);
          a = _mm512_dpbusd_epi32(a, _mm512_and_si512(w, low), _mm512_set1_epi32(xv[2 * i]));
          b = _mm512_dpbusd_epi32(b, _mm512_and_si512(_mm512_srli_epi16(w, 4), low), _mm512_set1_epi32(xv[2 * i + 1]));
        }
      a = _mm512_sub_epi32(_mm512_add_epi32(a, b), _mm512_set1_epi32((bits == 8 ? 128 : 8) * sums[g]));
      sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(a), _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(s + g * 16))), sum);
    }
    _mm512_storeu_ps(y + t, sum);
  }
}

// ---- rows -----------------------------------------------------------------------------
TARGET static void f32_rows(const Matrix *m, float *y) {
  for (int r = 0; r < m->rows; r++) {
    const float *w = (const float *)m->codes + (size_t)r * m->cols;
    __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
    for (int i = 0; i < m->cols; i += 64) {
      a = _mm512_fmadd_ps(_mm512_loadu_ps(w + i), _mm512_loadu_ps(x32 + i), a);
      b = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 16), _mm512_loadu_ps(x32 + i + 16), b);
      c = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 32), _mm512_loadu_ps(x32 + i + 32), c);
      d = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 48), _mm512_loadu_ps(x32 + i + 48), d);
    }
    y[r] = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
  }
}
TARGET static void int_rows(const Matrix *m, float *y, int bits) {
  int groups = m->cols / GROUP;
  const __m256i flip8 = _mm256_set1_epi8((char)0x80), low = _mm256_set1_epi8(15);
  for (int r = 0; r < m->rows; r++) {
    const uint8_t *c = m->codes + (size_t)r * m->cols * bits / 8;
    const uint16_t *s = m->scales + (size_t)r * groups;
    __m256 sum = _mm256_setzero_ps();
    for (int g = 0; g < groups; g++, c += 4 * bits) {
      __m256i w;  // 32 codes, biased to unsigned; int4: 16 bytes, low nibbles the first half as in Q4_0
      if (bits == 8) w = _mm256_xor_si256(_mm256_loadu_si256((const void *)c), flip8);
      else {
        __m128i h = _mm_xor_si128(_mm_loadu_si128((const void *)c), _mm_set1_epi8((char)0x88));
        w = _mm256_and_si256(_mm256_inserti128_si256(_mm256_castsi128_si256(h), _mm_srli_epi16(h, 4), 1), low);
      }
      __m256i x = _mm256_loadu_si256((const void *)(x8 + g * GROUP));
      __m256i a = _mm256_dpbusd_epi32(_mm256_setzero_si256(), w, x);
      // the bias is taken off in lane 0, where the group's sum is subtracted once
      a = _mm256_sub_epi32(a, _mm256_zextsi128_si256(_mm_cvtsi32_si128((bits == 8 ? 128 : 8) * sums[g])));
      sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(a), _mm256_set1_ps(_cvtsh_ss(s[g])), sum);
    }
    __m128 h = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    h = _mm_add_ps(h, _mm_movehl_ps(h, h));
    y[r] = _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
  }
}

// ---- the same values in both layouts --------------------------------------------------
static int code(int r, int c, int bits) { return (int)((uint32_t)(r * 7919 + c * 104729) * 2654435761u >> (32 - bits)) - (1 << (bits - 1)); }
static Matrix make(int rows, int cols, int bits, int tiles) {
  size_t bytes = (size_t)rows * cols * bits / 8, groups = cols / GROUP;
  Matrix m = {rows, cols, aligned_alloc(64, bytes), aligned_alloc(64, rows * groups * 2)};
  memset(m.codes, 0, bytes);
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < cols; c++) {
      int per = 32 / bits, unit = c / per, in = c % per;  // the 4-byte unit that holds column c of row r
      size_t u = tiles ? ((size_t)(r / 16) * (cols / per) + unit) * 16 + r % 16 : (size_t)r * (cols / per) + unit;
      if (bits == 32) ((float *)m.codes)[u] = (float)code(r, c, 8) / 64;
      else if (bits == 8) m.codes[u * 4 + in] = (uint8_t)code(r, c, 8);
      else if (tiles) m.codes[u * 4 + in % 4] |= (uint8_t)((code(r, c, 4) & 15) << (in / 4 * 4));
      else m.codes[(size_t)r * cols / 2 + c / 32 * 16 + c % 16] |= (uint8_t)((code(r, c, 4) & 15) << (c % 32 / 16 * 4));
    }
    for (size_t g = 0; g < groups; g++)
      m.scales[tiles ? ((r / 16) * groups + g) * 16 + r % 16 : r * groups + g] = (uint16_t)(0x2000 + (r + g) % 64);
  }
  return m;
}
static void run(const Matrix *m, float *y, int bits, int tiles) {
  if (bits == 32) (tiles ? f32_tiles : f32_rows)(m, y); else (tiles ? int_tiles : int_rows)(m, y, bits);
}
int main(void) {
  if (!__builtin_cpu_supports("avx512vnni")) { puts("this processor has no AVX-512 VNNI"); return 1; }
  for (int i = 0; i < 8192; i++) { x8[i] = (int8_t)(i * 37 % 255 - 127); x32[i] = (float)x8[i] / 127; sums[i / GROUP] += x8[i]; }
  struct { const char *name; int rows, cols; } sizes[] = {{"small", 512, 256}, {"wide", 1024, 2048}, {"large", 32768, 1024}};
  printf("%-6s %-6s %12s %12s %7s\n", "type", "size", "tiles GB/s", "rows GB/s", "ratio");
  for (int bits = 32; bits >= 4; bits = bits == 32 ? 8 : bits - 4)
    for (int k = 0; k < 3; k++) {
      double best[2] = {1e9, 1e9}; static float y[2][32768];
      double bytes = (double)sizes[k].rows * sizes[k].cols * bits / 8 + (bits < 32 ? (double)sizes[k].rows * sizes[k].cols / GROUP * 2 : 0);
      int repeats = (int)(3e7 / bytes) + 1;
      for (int tiles = 0; tiles < 2; tiles++) {
        Matrix m = make(sizes[k].rows, sizes[k].cols, bits, tiles);
        for (int round = 0; round < 9; round++) {
          double t = now();
          for (int i = 0; i < repeats; i++) run(&m, y[tiles], bits, tiles);
          t = (now() - t) / repeats;
          if (t < best[tiles]) best[tiles] = t;
        }
        free(m.codes); free(m.scales);
      }
      for (int r = 0; r < sizes[k].rows; r++)
        if (fabsf(y[0][r] - y[1][r]) > 1e-3f * (1 + fabsf(y[0][r]))) { printf("row %d differs: %g %g\n", r, y[0][r], y[1][r]); return 1; }
      printf("%-6s %-6s %12.1f %12.1f %7.2f\n", bits == 32 ? "f32" : bits == 8 ? "int8" : "int4", sizes[k].name, bytes / best[1] / 1e9, bytes / best[0] / 1e9, best[0] / best[1]);
    }
}
