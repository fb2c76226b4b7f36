// Vectors of one register, KB_LANES rows of a tile each: the fast kernels take a tile in KB_PARTS of them.
#include "fast_layout.h"

enum { KB_PARTS = KB_TILE / KB_LANES };

typedef float vf __attribute__((ext_vector_type(KB_LANES), aligned(4)));
typedef int32_t vi __attribute__((ext_vector_type(KB_LANES), aligned(4)));
typedef uint32_t vu __attribute__((ext_vector_type(KB_LANES), aligned(4)));
typedef int8_t vb __attribute__((ext_vector_type(4 * KB_LANES), aligned(4)));
typedef int8_t vc __attribute__((ext_vector_type(KB_LANES), aligned(1)));
typedef _Float16 vh __attribute__((ext_vector_type(KB_LANES), aligned(2)));

#define UNROLL _Pragma("unroll")
#define EACH(i, count) UNROLL for (int i = 0; i < (count); i++)
