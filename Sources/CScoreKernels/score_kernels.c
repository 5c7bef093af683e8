#include "score_kernels.h"

#include "score_tables.h"

const tamis_score_kernels *tamis_score_kernels_for(tamis_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX2:
      return &tamis_score_avx2;
    case TAMIS_ISA_AVX512:
      return &tamis_score_avx512;
#elif defined(__aarch64__)
    case TAMIS_ISA_NEON:
      return &tamis_score_neon;
#endif
    default:
      return &tamis_score_scalar;
  }
}

bool tamis_score_standardise(
    const tamis_score_kernels *kernels, const tamis_standardiser *standardiser, const void *event,
    float *inputs) {
  return kernels->standardise(standardiser, event, inputs);
}

void tamis_score_dense(
    const tamis_score_kernels *kernels, const tamis_dense_layer *layer, const float *inputs,
    size_t row_count, bool accumulate, float *outputs) {
  kernels->dense(layer, inputs, row_count, accumulate, outputs);
}

void tamis_score_embed(
    const tamis_score_kernels *kernels, const float *projection, size_t event_count,
    const float *embeddings, size_t embedding_stride, size_t level_count, size_t column_count,
    float *hidden, float *activated) {
  kernels->embed(projection, event_count, embeddings, embedding_stride, level_count, column_count,
                 hidden, activated);
}

void tamis_score_activate(
    const tamis_score_kernels *kernels, const float *hidden, size_t row_count, size_t column_count,
    float *activated) {
  kernels->activate(hidden, row_count, column_count, activated);
}

void tamis_score_attribute(
    const tamis_score_kernels *kernels, const float *outputs, const float *level_weights,
    size_t level_count, bool accumulate, size_t feature_count, float *attributions) {
  kernels->attribute(outputs, level_weights, level_count, accumulate, feature_count, attributions);
}

float tamis_score_total(
    const tamis_score_kernels *kernels, size_t feature_count, float *attributions) {
  return kernels->total(feature_count, attributions);
}

void tamis_score_rectify(
    const tamis_score_kernels *kernels, float *values, size_t row_count, size_t column_count) {
  kernels->rectify(values, row_count, column_count);
}

void tamis_score_residual(
    const tamis_score_kernels *kernels, const float *inputs, const float *outputs,
    size_t feature_count, float *attributions) {
  kernels->residual(inputs, outputs, feature_count, attributions);
}

void tamis_score_largest(
    const tamis_score_kernels *kernels, const float *sums, size_t row_count, size_t column_count,
    int32_t first, float *best, int32_t *places) {
  kernels->largest(sums, row_count, column_count, first, best, places);
}

int32_t tamis_score_largest_place(const float *best, const int32_t *places) {
  float most = best[0];
  int32_t place = places[0];
  for (int lane = 1; lane < TAMIS_BLOCK_COLUMNS; lane++) {
    const bool wins = best[lane] > most || (best[lane] == most && places[lane] < place);
    if (wins) {
      most = best[lane];
      place = places[lane];
    }
  }
  return place;
}

void tamis_score_distance(
    const tamis_score_kernels *kernels, const float *inputs, const float *prototype, float weight,
    size_t feature_count, float *attributions) {
  kernels->distance(inputs, prototype, weight, feature_count, attributions);
}
