#include "screen_kernels.h"

#include "screen_tables.h"

const tamis_screen_kernels *tamis_screen_kernels_for(tamis_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX512:
      return __builtin_cpu_supports("avx512vnni") ? &tamis_screen_avx512vnni : &tamis_screen_avx2;
    case TAMIS_ISA_AVX2:
      return &tamis_screen_avx2;
#endif
    default:
      return &tamis_screen_scalar;
  }
}

const char *tamis_screen_kernels_name(const tamis_screen_kernels *kernels) { return kernels->name; }

size_t tamis_screen_inputs_per_step(const tamis_screen_kernels *kernels) {
  return kernels->inputs_per_step;
}

void tamis_screen_quantise(
    const tamis_screen_kernels *kernels, const float *inputs, size_t row_count,
    size_t feature_count, float limit, uint8_t *quantised, float *row_scales, bool *fits) {
  kernels->quantise(inputs, row_count, feature_count, limit, quantised, row_scales, fits);
}

void tamis_screen_dense(
    const tamis_screen_kernels *kernels, const tamis_screen_layer *layer, const uint8_t *quantised,
    const float *row_scales, size_t row_count, bool accumulate, float *outputs) {
  kernels->dense(layer, quantised, row_scales, row_count, accumulate, outputs);
}

void tamis_screen_embed(
    const tamis_screen_kernels *kernels, const float *projection, size_t event_count,
    const float *embeddings, size_t embedding_stride, size_t level_count, size_t column_count,
    float *hidden, uint8_t *quantised, float *row_scales) {
  kernels->embed(projection, event_count, embeddings, embedding_stride, level_count, column_count,
                 hidden, quantised, row_scales);
}

void tamis_screen_activate(
    const tamis_screen_kernels *kernels, const float *hidden, size_t row_count,
    size_t column_count, uint8_t *quantised, float *row_scales) {
  kernels->activate(hidden, row_count, column_count, quantised, row_scales);
}

float tamis_screen_norm(
    const tamis_screen_kernels *kernels, const float *outputs, const float *level_weights,
    size_t level_count, size_t feature_count, float score) {
  return kernels->norm(outputs, level_weights, level_count, feature_count, score);
}
