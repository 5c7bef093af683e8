// The tables of kernels, one an instruction set, each in a file of its own. What each kernel does
// is said at the function of score_kernels.h that calls it.
#ifndef TAMIS_SCORE_TABLES_H
#define TAMIS_SCORE_TABLES_H

#include "score_kernels.h"

struct tamis_score_kernels {
  bool (*standardise)(const tamis_standardiser *, const void *event, float *inputs);
  void (*dense)(const tamis_dense_layer *, const float *inputs, size_t row_count, bool accumulate,
                float *outputs);
  void (*embed)(const float *projection, size_t event_count, const float *embeddings,
                size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                float *activated);
  void (*activate)(const float *hidden, size_t row_count, size_t column_count, float *activated);
  void (*attribute)(const float *outputs, const float *level_weights, size_t level_count,
                    bool accumulate, size_t feature_count, float *attributions);
  float (*total)(size_t feature_count, float *attributions);
  void (*rectify)(float *values, size_t row_count, size_t column_count);
  void (*residual)(const float *inputs, const float *outputs, size_t feature_count,
                   float *attributions);
  void (*largest)(const float *sums, size_t row_count, size_t column_count, int32_t first,
                  float *best, int32_t *places);
  void (*distance)(const float *inputs, const float *prototype, float weight,
                   size_t feature_count, float *attributions);
};

extern const tamis_score_kernels tamis_score_scalar;
extern const tamis_score_kernels tamis_score_avx2;
extern const tamis_score_kernels tamis_score_avx512;
extern const tamis_score_kernels tamis_score_neon;

#endif
