// The folding of V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), for
// zlib's reflected polynomial; its constants are x^k modulo the polynomial. zlib does the ends, and everything elsewhere.
#include "checksum.h"
#include <zlib.h>

static uint32_t plain(uint32_t crc, const uint8_t *p, size_t n) {
  while (n > 0) {  // zlib counts in 32 bits
    uInt part = n > 1u << 30 ? 1u << 30 : (uInt)n;
    crc = (uint32_t)crc32(crc, p, part);
    p += part;
    n -= part;
  }
  return crc;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("pclmul,sse4.1"))) static inline __m128i fold(__m128i x, __m128i by, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, by, 0x00), _mm_clmulepi64_si128(x, by, 0x11)), next);
}

/// n is a multiple of 16, and at least 64.
__attribute__((target("pclmul,sse4.1"))) static uint32_t folded(uint32_t crc, const uint8_t *p, size_t n) {
  const __m128i by512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), by128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by64 = _mm_set_epi64x(0, 0x0163cd6124), barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
  __m128i x[4];
  for (int i = 0; i < 4; i++) x[i] = _mm_loadu_si128((const __m128i *)(p + 16 * i));
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)~crc));
  for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
    for (int i = 0; i < 4; i++) x[i] = fold(x[i], by512, _mm_loadu_si128((const __m128i *)(p + 16 * i)));
  __m128i y = x[0];
  for (int i = 1; i < 4; i++) y = fold(y, by128, x[i]);
  for (; n >= 16; p += 16, n -= 16) y = fold(y, by128, _mm_loadu_si128((const __m128i *)p));
  // 128 bits to 64, to 32 by Barrett's reduction.
  y = _mm_xor_si128(_mm_clmulepi64_si128(y, by128, 0x10), _mm_srli_si128(y, 8));
  y = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(y, low32), by64, 0x00), _mm_srli_si128(y, 4));
  __m128i q = _mm_clmulepi64_si128(_mm_and_si128(y, low32), barrett, 0x10);
  q = _mm_clmulepi64_si128(_mm_and_si128(q, low32), barrett, 0x00);
  return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(y, q), 1);
}

static int has_carryless_multiplication(void) {
  // Asked once: under a hypervisor CPUID takes microseconds. Threads that race find the same answer.
  static _Atomic int known = -1;
  if (known < 0) {
    unsigned a, b, c, d;
    known = __get_cpuid(1, &a, &b, &c, &d) && (c >> 1 & 1) && (c >> 19 & 1);  // PCLMULQDQ, SSE4.1
  }
  return known;
}

uint32_t kb_crc32(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  size_t whole = count / 16 * 16;
  if (whole < 64 || !has_carryless_multiplication()) return plain(crc, p, count);
  return plain(folded(crc, p, whole), p + whole, count - whole);
}

#else

uint32_t kb_crc32(uint32_t crc, const void *bytes, size_t count) { return plain(crc, bytes, count); }

#endif
