// Kernels for NEON: a 16-lane vector is four registers.
#if defined(__aarch64__)
#define KB_TOKENS 6
#define KB_SET kb_neon
#define KB_NAME "neon"
#include "vector_exact.h"
#include "vector_encode.h"
#include "vector_table.h"
#undef KB_SET
#undef KB_NAME
// The exact kernels have no use for the dot product, so its set differs by name alone.
#define KB_SET kb_neondot
#define KB_NAME "neondot"
#include "vector_table.h"
#endif
