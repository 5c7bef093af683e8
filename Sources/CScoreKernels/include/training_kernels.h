// The inner loops of training, once per instruction set. All sets give the same bits: every sum
// is one chain of fused multiply-adds in ascending order of its terms, and every other operation
// is one that IEEE 754 rounds in one way.
//
// Matrices with a row for each event lie in panels of 32 columns: value (row, column) at
//     column / 32 * stride + row * 32 + column % 32,
// where `stride`, the floats from one panel to the next, is the caller's. A layer's weights (N
// outputs, K inputs) exist twice, both padded with zeros to multiples of 32:
//     forward   [outputs / 32][input][32]    for the forward pass,
//     backward  [inputs / 32][output][32]    for the backward pass and the optimiser.
// Every buffer begins on a 64-byte boundary.
#ifndef TAMIS_TRAINING_KERNELS_H
#define TAMIS_TRAINING_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"

#pragma clang assume_nonnull begin

enum {
  /// Columns of a panel.
  TAMIS_TRAINING_PANEL = 32,
};

/// Some rows of a matrix in panels: `values` is the first of these rows.
typedef struct {
  float *values;
  size_t stride;
} tamis_panels;

/// A constant matrix of weights in panels of `term_count` rows of 32.
typedef struct {
  const float *values;
  size_t term_count;
  size_t panel_count;
} tamis_weight_panels;

/// What one step of Adam needs beside the tensors (Kingma and Ba 2015).
typedef struct {
  /// 1 - beta1 and 1 - beta2, and beta2 itself.
  float fresh_mean, fresh_square, old_square;
  /// learning rate / (1 - beta1^t)
  float step_size;
  /// sqrt(1 - beta2^t)
  float square_correction;
  float epsilon;
  /// 1 - decay of the moving average of the parameters.
  float fresh_average;
} tamis_adam;

typedef struct {
  /// inputs = event + sigma * noise, one row; `noise_row` receives the noise. Columns past the
  /// last feature become 0 in both.
  void (*perturb)(const float *event, const float *noise, float sigma, size_t feature_count,
                  tamis_panels inputs, tamis_panels noise_row);

  /// outputs = start + inputs * weights, or outputs += that. The sum starts at `start`, one value
  /// a column, and takes its terms in ascending order.
  void (*multiply)(tamis_weight_panels weights, const float *start, tamis_panels inputs,
                   size_t row_count, bool accumulate, tamis_panels outputs);

  /// One panel: hidden += the embedding of the row's noise level. `embeddings` begins at the
  /// panel's first column, levels `embedding_stride` floats apart.
  void (*embed)(const float *embeddings, size_t embedding_stride, const int32_t *levels,
                size_t row_count, float *hidden);

  /// activated = silu(hidden), slopes = silu'(hidden); `count` is a multiple of 32.
  void (*activate)(const float *hidden, size_t count, float *activated, float *slopes);

  /// activated = max(hidden, 0), slopes = 1 where hidden > 0, else 0; `count` is a multiple of 32.
  void (*rectify)(const float *hidden, size_t count, float *activated, float *slopes);

  /// result = upper + gradient * slopes: the backward pass of a residual block; `upper` NULL is zero.
  /// `count` is a multiple of 32.
  void (*descend)(const float *gradient, const float *slopes, const float *_Nullable upper,
                  size_t count, float *result);

  /// The loss and its derivative by the outputs. residual = gain * output + sign * noise;
  /// losses[row] is the sum of its squares over the columns, deltas = (gain * scale) * residual.
  void (*residual)(tamis_panels outputs, tamis_panels noise, size_t panel_count,
                   size_t row_count, const float *gains, float sign, float scale,
                   tamis_panels deltas, float *losses);

  /// gradient[n][k] += sum over rows of deltas[row][n] * inputs[row][k], rows ascending, for a
  /// panel of 32 outputs n and one of 32 inputs k.
  void (*correlate)(const float *deltas, const float *inputs, size_t row_count, float *gradient);

  /// sums[level of row][n] += deltas[row][n], rows ascending, for a panel of 32; without `levels`
  /// all rows add to the first 32.
  void (*add_rows)(const float *deltas, const int32_t *_Nullable levels, size_t row_count,
                   float *sums);

  /// One step of Adam on `count` parameters, a multiple of 32; `average`, where given, follows.
  void (*adam)(const tamis_adam *adam, const float *gradient, size_t count, float *parameters,
               float *means, float *squares, float *_Nullable average);

  /// Transposes a block of 32 x 32; the two do not overlap.
  void (*transpose)(const float *from, float *to);
} tamis_training_kernels;

/// The kernels of an available instruction set.
const tamis_training_kernels *tamis_training_kernels_for(tamis_isa isa);

#pragma clang assume_nonnull end

#endif
