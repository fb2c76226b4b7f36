// Kernels for AVX2 with FMA and F16C: a 16-lane vector is two registers.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2"))), apply_to = function)
#define KB_TOKENS 6
#define KB_SET kb_avx2
#define KB_NAME "avx2"
#include "vector_exact.h"
#include "vector_encode.h"
#include "vector_table.h"
#pragma clang attribute pop
#endif
