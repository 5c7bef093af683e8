// The inner loops of scoring, once per instruction set. All sets give the same bits; the exact
// order of operations is written out in score_scalar.c and in docs/method-engine.md.
//
// Events are scored in groups of rows, a row being one event at one noise level. Activations of
// a group lie in blocks of 16 columns: value (row, column) at
//     (column / 16 * TAMIS_GROUP_ROWS + row) * 16 + column % 16,
// whatever the number of rows in use. Every buffer begins on a 64-byte boundary.
#ifndef TAMIS_SCORE_KERNELS_H
#define TAMIS_SCORE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"
#include "prefetch.h"

#pragma clang assume_nonnull begin

enum {
  /// Rows of a group: 4 events at 3 levels.
  TAMIS_GROUP_ROWS = 12,
  /// Columns of a block of activations; buffers of one value a feature are padded to it.
  TAMIS_BLOCK_COLUMNS = 16,
  /// Columns of a panel of weights: the weights of a layer lie as [panel][input][32], columns
  /// past the last one zero, and so do its biases.
  TAMIS_PANEL_COLUMNS = 32,
};

/// From raw features to the network's input. The arrays are padded with mean 0, scale 1, mask 0.
typedef struct {
  size_t feature_count;
  const float *mean;
  const float *scale;
  /// All bits set where a feature enters as log(1 + max(x, 0)), else 0.
  const uint32_t *logarithm_mask;
  /// Whether any of them is set.
  bool has_logarithms;
  /// Where |z| is cut; infinity where it is not.
  float clip;
} tamis_standardiser;

/// A dense layer: outputs = bias + weights * inputs.
typedef struct {
  size_t input_count;
  size_t panel_count;
  const float *weights;
  const float *bias;
} tamis_dense_layer;

/// The kernels of one instruction set.
typedef struct tamis_score_kernels tamis_score_kernels;

/// The kernels of an available instruction set.
const tamis_score_kernels *tamis_score_kernels_for(tamis_isa isa);

// A promise to Swift's compiler, which cannot look into C: no lock, and no allocation.
#define TAMIS_NO_LOCKS __attribute__((swift_attr("@_noLocks")))

/// Standardises one event (any alignment) into row 0 of `inputs`, columns past the last feature 0.
/// Returns whether all raw features are finite; where not, the row is undefined.
TAMIS_NO_LOCKS bool tamis_score_standardise(
    const tamis_score_kernels *kernels, const tamis_standardiser *standardiser, const void *event,
    float *inputs);

/// Prefetches an event that is standardised soon; of a wide one the first kilobyte, after which the
/// processor prefetches by itself.
TAMIS_NO_LOCKS static inline void tamis_score_prefetch(const void *event, size_t feature_count) {
  tamis_prefetch(event, 0, feature_count * sizeof(float));
}

/// Runs a layer on `row_count` rows, at most TAMIS_GROUP_ROWS. Each sum starts at the bias and
/// takes one fused multiply-add an input, inputs ascending. The sum is then the output, or is
/// added to it (`accumulate`). `outputs` has room for whole panels; what stands in the padding of
/// `inputs` is not read.
TAMIS_NO_LOCKS void tamis_score_dense(
    const tamis_score_kernels *kernels, const tamis_dense_layer *layer, const float *inputs,
    size_t row_count, bool accumulate, float *outputs);

/// Makes `event_count * level_count` rows, levels running fastest, of one row an event:
/// hidden = projection + embedding, activated = silu(hidden). Embeddings are rows of
/// `embedding_stride` values. `column_count` is a multiple of TAMIS_BLOCK_COLUMNS.
TAMIS_NO_LOCKS void tamis_score_embed(
    const tamis_score_kernels *kernels, const float *projection, size_t event_count,
    const float *embeddings, size_t embedding_stride, size_t level_count, size_t column_count,
    float *hidden, float *activated);

/// activated = silu(hidden), `column_count` a multiple of TAMIS_BLOCK_COLUMNS.
TAMIS_NO_LOCKS void tamis_score_activate(
    const tamis_score_kernels *kernels, const float *hidden, size_t row_count, size_t column_count,
    float *activated);

/// Adds weight * (output * output) to an event's attributions for each of its levels in order;
/// `outputs` begins at the event's first row. The first product replaces what was there unless
/// `accumulate`. Padding columns become undefined.
TAMIS_NO_LOCKS void tamis_score_attribute(
    const tamis_score_kernels *kernels, const float *outputs, const float *level_weights,
    size_t level_count, bool accumulate, size_t feature_count, float *attributions);

/// Replaces NaN attributions by +infinity and padding by 0, and returns their sum: 16 lanes, lane i
/// adding columns i, i + 16, ... to 0, then lanes i += i + 8, i + 4, i + 2, i + 1.
TAMIS_NO_LOCKS float tamis_score_total(
    const tamis_score_kernels *kernels, size_t feature_count, float *attributions);

/// values = max(values, 0), in place; a NaN stays. `column_count` is a multiple of
/// TAMIS_BLOCK_COLUMNS.
TAMIS_NO_LOCKS void tamis_score_rectify(
    const tamis_score_kernels *kernels, float *values, size_t row_count, size_t column_count);

/// An event's attributions are (input - output)^2; `inputs` and `outputs` begin at its row.
/// Padding columns become undefined.
TAMIS_NO_LOCKS void tamis_score_residual(
    const tamis_score_kernels *kernels, const float *inputs, const float *outputs,
    size_t feature_count, float *attributions);

/// Looks among `column_count` sums (a multiple of TAMIS_BLOCK_COLUMNS) of each row for the largest,
/// each of the TAMIS_BLOCK_COLUMNS lanes for itself: `best` holds the largest of lane i of a row
/// and `places` its column, counted from `first`. With `first` 0 the search begins, at -infinity
/// and place 0; with a later one it goes on. Of equal sums the first one stays; NaN is never the
/// largest.
TAMIS_NO_LOCKS void tamis_score_largest(
    const tamis_score_kernels *kernels, const float *sums, size_t row_count, size_t column_count,
    int32_t first, float *best, int32_t *places);

/// The place of the largest of the lanes of one row; of equal ones the lowest place.
TAMIS_NO_LOCKS int32_t tamis_score_largest_place(const float *best, const int32_t *places);

/// Adds weight * (input - prototype)^2 to an event's attributions; `inputs` begins at its row, and
/// `prototype` is padded to TAMIS_BLOCK_COLUMNS. Padding columns become undefined.
TAMIS_NO_LOCKS void tamis_score_distance(
    const tamis_score_kernels *kernels, const float *inputs, const float *prototype, float weight,
    size_t feature_count, float *attributions);

#pragma clang assume_nonnull end

#endif
