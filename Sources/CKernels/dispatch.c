// Which instruction sets this processor has, and under which the operating system lets programs run.
#include "scalar.h"

#if defined(__x86_64__)
#include <cpuid.h>

/// The state components that the operating system saves (XCR0); 0 without XSAVE.
static uint64_t saved_state(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) return 0;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static bool has_avx2(void) {
  unsigned a, b, c, d;
  if ((saved_state() & 0x6) != 0x6 || !__get_cpuid(1, &a, &b, &c, &d)) return false;
  if (!(c >> 12 & 1) || !(c >> 29 & 1)) return false;  // FMA, F16C
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 5 & 1) && (b >> 8 & 1);  // AVX2, BMI2
}

static bool has_avx512(void) {
  unsigned a, b, c, d;
  if (!has_avx2() || (saved_state() & 0xe6) != 0xe6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  return (b >> 16 & 1) && (b >> 17 & 1) && (b >> 30 & 1) && (b >> 31 & 1);  // F, DQ, BW, VL
}

static bool has_vnni(void) {
  unsigned a, b, c, d;
  return has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c >> 11 & 1);
}

const kb_kernels *kb_kernels_for(int isa) {
  switch (isa) {
    case KB_SCALAR: return &kb_scalar;
    case KB_AVX2: return has_avx2() ? &kb_avx2 : NULL;
    case KB_AVX512: return has_avx512() ? &kb_avx512 : NULL;
    case KB_AVX512VNNI: return has_vnni() ? &kb_avx512vnni : NULL;
    default: return NULL;
  }
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
static bool has_dot_product(void) { return getauxval(AT_HWCAP) >> 20 & 1; }  // HWCAP_ASIMDDP
#else
static bool has_dot_product(void) { return true; }  // every Apple processor with macOS on arm64
#endif

const kb_kernels *kb_kernels_for(int isa) {
  switch (isa) {
    case KB_SCALAR: return &kb_scalar;
    case KB_NEON: return &kb_neon;
    case KB_NEONDOT: return has_dot_product() ? &kb_neondot : NULL;
    default: return NULL;
  }
}

#else

const kb_kernels *kb_kernels_for(int isa) { return isa == KB_SCALAR ? &kb_scalar : NULL; }

#endif
