// The tables of the screen's kernels, one an instruction set, each in a file of its own. What each
// kernel does is said at the function of screen_kernels.h that calls it.
#ifndef TAMIS_SCREEN_TABLES_H
#define TAMIS_SCREEN_TABLES_H

#include "screen_kernels.h"

struct tamis_screen_kernels {
  const char *name;
  size_t inputs_per_step;
  void (*quantise)(const float *inputs, size_t row_count, size_t feature_count, float limit,
                   uint8_t *quantised, float *row_scales, bool *fits);
  void (*dense)(const tamis_screen_layer *, const uint8_t *quantised, const float *row_scales,
                size_t row_count, bool accumulate, float *outputs);
  void (*embed)(const float *projection, size_t event_count, const float *embeddings,
                size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                uint8_t *quantised, float *row_scales);
  void (*activate)(const float *hidden, size_t row_count, size_t column_count, uint8_t *quantised,
                   float *row_scales);
  float (*norm)(const float *outputs, const float *level_weights, size_t level_count,
                size_t feature_count, float score);
};

extern const tamis_screen_kernels tamis_screen_scalar;
extern const tamis_screen_kernels tamis_screen_avx2;
extern const tamis_screen_kernels tamis_screen_avx512vnni;

#endif
