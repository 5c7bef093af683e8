// The inner loops of the screen: the network in 8-bit integers, once per instruction set, for
// scores that only decide which events are scored exactly. All sets give the same bits here too:
// the sums are exact integers, and the float32 operations around them are ones that IEEE 754
// rounds in one way. docs/method-screening.md has the arithmetic, and screen_scalar.c has it in C.
//
// Rows, groups and buffers of float32 are those of score_kernels.h. The inputs of a layer are
// quantised: an unsigned byte a column, 0 ... 254, with one scale a row. Each instruction set has its
// own order of the bytes; a row takes at most TAMIS_SCREEN_COLUMN_BYTES a column, rounded up to 64
// bytes, and a buffer holds TAMIS_GROUP_ROWS rows.
#ifndef TAMIS_SCREEN_KERNELS_H
#define TAMIS_SCREEN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"
#include "score_kernels.h"

#pragma clang assume_nonnull begin

enum {
  /// The most bytes of a quantised column.
  TAMIS_SCREEN_COLUMN_BYTES = 2,
  /// The inputs of a layer are padded with weights of 0 to a multiple of this.
  TAMIS_SCREEN_INPUT_MULTIPLE = 4,
};

/// Half the steps of a weight and of a standardised feature: they are -127 ... 127.
#define TAMIS_SCREEN_WEIGHT_MAX 127
/// Activations are 0 ... 254.
#define TAMIS_SCREEN_ACTIVATION_MAX 254
/// Minus the least value of silu, rounded up: silu(x) + this is never negative.
#define TAMIS_SCREEN_OFFSET 0x1.1d26p-2f

/// A dense layer in integers: output j = scale[j] * s * (start[j] + sum of q * weight) + bias[j],
/// for quantised inputs q of scale s. All arrays are padded to whole panels, with 0.
typedef struct {
  /// A multiple of TAMIS_SCREEN_INPUT_MULTIPLE.
  size_t input_count;
  size_t panel_count;
  /// [panel][input / step][32][step] with `step` from tamis_screen_inputs_per_step.
  const int8_t *weights;
  const int32_t *start;
  const float *scale;
  const float *bias;
} tamis_screen_layer;

/// The screen's kernels of one instruction set.
typedef struct tamis_screen_kernels tamis_screen_kernels;

/// The kernels of an available instruction set; where the processor lacks the integer dot products
/// that go with it, the next best.
const tamis_screen_kernels *tamis_screen_kernels_for(tamis_isa isa);

/// Their name: scalar, avx2 or avx512vnni.
const char *tamis_screen_kernels_name(const tamis_screen_kernels *kernels);

/// How many neighbouring inputs of an output lie together in its packed weights.
size_t tamis_screen_inputs_per_step(const tamis_screen_kernels *kernels);

/// Quantises standardised events (rows of `inputs`, block layout, NaN nowhere) to
/// 127 + round(127 z / max |z|). An event with some |z| above `limit` does not fit: it is quantised
/// as zeros.
TAMIS_NO_LOCKS void tamis_screen_quantise(
    const tamis_screen_kernels *kernels, const float *inputs, size_t row_count,
    size_t feature_count, float limit, uint8_t *quantised, float *row_scales, bool *fits);

/// Runs a layer on at most TAMIS_GROUP_ROWS rows. The outputs replace what was in `outputs`, or
/// are added to it (`accumulate`); there is room for whole panels.
TAMIS_NO_LOCKS void tamis_screen_dense(
    const tamis_screen_kernels *kernels, const tamis_screen_layer *layer, const uint8_t *quantised,
    const float *row_scales, size_t row_count, bool accumulate, float *outputs);

/// Makes `event_count * level_count` rows of hidden = projection + embedding, levels running
/// fastest, and quantises their activations.
TAMIS_NO_LOCKS void tamis_screen_embed(
    const tamis_screen_kernels *kernels, const float *projection, size_t event_count,
    const float *embeddings, size_t embedding_stride, size_t level_count, size_t column_count,
    float *hidden, uint8_t *quantised, float *row_scales);

/// Quantises the activations of rows: round(254 (silu(h) + 0.278) / (max(h, 0) + 0.278)), the
/// maximum over the row. `column_count` is a multiple of TAMIS_BLOCK_COLUMNS.
TAMIS_NO_LOCKS void tamis_screen_activate(
    const tamis_screen_kernels *kernels, const float *hidden, size_t row_count,
    size_t column_count, uint8_t *quantised, float *row_scales);

/// The sum over an event's levels of weight times the squared norm of the outputs, added to
/// `score`; `outputs` begins at the event's first row. Padding columns must be 0.
TAMIS_NO_LOCKS float tamis_screen_norm(
    const tamis_screen_kernels *kernels, const float *outputs, const float *level_weights,
    size_t level_count, size_t feature_count, float score);

#pragma clang assume_nonnull end

#endif
