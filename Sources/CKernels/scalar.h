// The scalar kernels, and the table that holds them; other sets borrow those that they have no faster form of.
#ifndef KB_SCALAR_H
#define KB_SCALAR_H

#include "ckernels.h"

extern const kb_kernels kb_scalar, kb_avx2, kb_avx512, kb_avx512vnni, kb_neon, kb_neondot;

/// Times that codes and scale are fitted to each other after the search.
enum { KB_REFITS = 2 };

void kb_scalar_pack(const float *, size_t, uint32_t, uint32_t, float *);
void kb_scalar_matmul(const kb_matrix *, const float *, uint32_t, uint32_t, uint32_t, float *, size_t);
void kb_scalar_row(const kb_matrix *, uint32_t, float *);
float kb_scalar_dot(const float *, const float *, uint32_t);
void kb_scalar_axpy(float, const float *, uint32_t, float *);
void kb_scalar_quantize_rows(const float *, size_t, uint32_t, uint32_t, void *);
void kb_scalar_matmul_fast(const kb_matrix *, const void *, uint32_t, uint32_t, uint32_t, float *, size_t);
void kb_scalar_rms_norm(const float *, const float *, float, uint32_t, float *);
void kb_scalar_gated_add(float *, const float *, const float *, uint32_t);
void kb_scalar_add(float *, const float *, uint32_t);
float kb_gelu(int kind, float g);
void kb_scalar_activate(int, float *, const float *, uint32_t);
void kb_scalar_rotate(float *, const float *, const float *, uint32_t);
float kb_scalar_softmax(float *, const float *, float, uint32_t, uint32_t, uint32_t);
void kb_scalar_divide(const float *, float, uint32_t, float *);
float kb_scalar_quantize_head(const float *, uint32_t, int8_t *);
void kb_scalar_attend(const kb_cache_block *, const kb_attention_query *, uint32_t, void *, kb_attention_part *, int32_t *);
void kb_scalar_merge(const kb_attention_part *, const int32_t *, uint32_t, kb_attention_state *, float *);
uint32_t kb_scalar_read_memory(const void *, size_t);
double kb_scalar_log_sum_exp(const float *, uint32_t);
void kb_scalar_compare_logits(const float *, const float *, uint32_t, kb_logit_difference *);
/// The part of compare_logits that needs no arithmetic: the largest values and where they stand.
void kb_rank_logits(const float *, const float *, uint32_t, kb_logit_difference *);
uint32_t kb_scalar_largest(const float *, uint32_t, float *);
float kb_scalar_kth_largest(const float *, uint32_t, uint32_t);
float kb_scalar_often_reached(const float *, uint32_t, uint32_t);
uint32_t kb_scalar_reaching(const float *, uint32_t, float, uint32_t *);
void kb_scalar_weigh(const float *, float, uint32_t, double *);
uint32_t kb_scalar_add_until(const float *, const double *, uint32_t, kb_cut, double, double *);
kb_cut kb_scalar_mass_cut(const float *, const double *, uint32_t, double, float, uint32_t *);
void kb_scalar_drop_unlikely(float *, double *, uint32_t, kb_cut, double, float);
void kb_scalar_values(const kb_matrix *, uint32_t, float *);
void kb_scalar_widen(int, const void *, size_t, float *);
size_t kb_scalar_scan(int, const void *, size_t, float *);
void kb_scalar_tile(const float *, size_t, uint32_t, float *);
void kb_scalar_untile(const uint32_t *, uint32_t, uint32_t, uint32_t *, size_t);
int64_t kb_scalar_encode_float(int, const float *, uint32_t, uint32_t *, kb_tile_error *);
void kb_scalar_quantize(int, int, const float *, uint32_t, uint32_t, int, uint32_t *, uint16_t *, kb_tile_error *);

#endif
