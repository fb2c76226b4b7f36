// The exact kernels over 16-lane vectors: one text for every instruction set. The file that includes it sets the target, KB_SET (the
// table's name) and KB_TOKENS (the largest block of tokens whose sums fit the registers).
#include "vector_lanes.h"
#include "vector_decode.h"
#include "vector_pack.h"
#include "vector_products.h"
#include "vector_layers.h"
#include "vector_logits.h"
#include "vector_sampling.h"
