// Kernels for AVX-512 (F, BW, DQ, VL): a 16-lane vector is one register.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi2"))), \
                             apply_to = function)
#define KB_TOKENS 24
#define KB_SET kb_avx512
#define KB_NAME "avx512"
#include "vector_exact.h"
#include "vector_encode.h"
#include "vector_table.h"
#undef KB_SET
#undef KB_NAME
// The exact kernels have no use for VNNI, so its set differs by name alone.
#define KB_SET kb_avx512vnni
#define KB_NAME "avx512vnni"
#include "vector_table.h"
#pragma clang attribute pop
#endif
