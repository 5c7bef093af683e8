// The reference of the screen: its arithmetic in plain loops, one column at a time. It shares
// nothing with the vector kernels but constants. Quantised rows lie one after another here, a byte
// a column, padded as all rows are.
#include <math.h>
#include <string.h>

#include "screen_constants.h"
#include "screen_tables.h"

#pragma STDC FP_CONTRACT OFF

static size_t position(size_t row, size_t column) {
  return (column / TAMIS_BLOCK_COLUMNS * TAMIS_GROUP_ROWS + row) * TAMIS_BLOCK_COLUMNS +
         column % TAMIS_BLOCK_COLUMNS;
}

// A row's bytes lie in blocks of 64 columns, as the activations lie in blocks of 16.
static size_t byte_position(size_t row, size_t column) {
  return (column / 64 * TAMIS_GROUP_ROWS + row) * 64 + column % 64;
}

// The integer nearest to x, ties to even, for |x| < 2^22.
static int32_t nearest(float x) {
  const float shifted = x + 0x1.8p23f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return bits - 0x4B400000;
}

static void quantise(const float *inputs, size_t row_count, size_t feature_count, float limit,
                     uint8_t *quantised, float *row_scales, bool *fits) {
  const size_t padded =
      (feature_count + TAMIS_BLOCK_COLUMNS - 1) / TAMIS_BLOCK_COLUMNS * TAMIS_BLOCK_COLUMNS;
  for (size_t row = 0; row < row_count; row++) {
    float largest = 0;
    for (size_t j = 0; j < padded; j++) {
      largest = fmaxf(largest, fabsf(inputs[position(row, j)]));
    }
    fits[row] = largest <= limit;
    if (!fits[row]) largest = 0;
    row_scales[row] = largest * (1.0f / TAMIS_SCREEN_WEIGHT_MAX);
    const float steps = largest > 0 ? TAMIS_SCREEN_WEIGHT_MAX / largest : 0;
    for (size_t j = 0; j < padded; j++) {
      const int32_t q = fits[row] ? nearest(inputs[position(row, j)] * steps) : 0;
      quantised[byte_position(row, j)] = (uint8_t)(q + TAMIS_SCREEN_WEIGHT_MAX);
    }
  }
}

static void dense(const tamis_screen_layer *layer, const uint8_t *quantised,
                  const float *row_scales, size_t row_count, bool accumulate, float *outputs) {
  enum { width = TAMIS_PANEL_COLUMNS, step = 4 };
  for (size_t row = 0; row < row_count; row++) {
    for (size_t j = 0; j < layer->panel_count * width; j++) {
      const int8_t *weights =
          layer->weights + j / width * width * layer->input_count + j % width * step;
      int32_t sum = layer->start[j];
      for (size_t k = 0; k < layer->input_count; k++) {
        const int8_t weight = weights[k / step * width * step + k % step];
        sum += (int32_t)quantised[byte_position(row, k)] * weight;
      }
      float *output = outputs + position(row, j);
      const float base = accumulate ? *output + layer->bias[j] : layer->bias[j];
      *output = fmaf((float)sum * layer->scale[j], row_scales[row], base);
    }
  }
}

static float activation(float x) {
  static const float a[] = {SCREEN_A}, b[] = {SCREEN_B}, c[] = {SCREEN_C};
  float u = fabsf(x);
  if (u > SCREEN_CUT) u = SCREEN_CUT;
  const float shifted = u + SCREEN_SEGMENT_SHIFT;
  uint32_t segment;
  memcpy(&segment, &shifted, sizeof segment);
  segment %= SCREEN_SEGMENTS;
  return (x > 0 ? x : 0) + fmaf(u, fmaf(u, c[segment], b[segment]), a[segment]);
}

static void activate(const float *hidden, size_t row_count, size_t column_count, uint8_t *quantised,
                     float *row_scales) {
  for (size_t row = 0; row < row_count; row++) {
    float largest = 0;
    for (size_t j = 0; j < column_count; j++) largest = fmaxf(largest, hidden[position(row, j)]);
    const float range = largest + TAMIS_SCREEN_OFFSET;
    const float steps = TAMIS_SCREEN_ACTIVATION_MAX / range;
    row_scales[row] = range * (1.0f / TAMIS_SCREEN_ACTIVATION_MAX);
    for (size_t j = 0; j < column_count; j++) {
      const float shifted = fmaf(activation(hidden[position(row, j)]), steps, 0x1.8p23f);
      uint32_t bits;
      memcpy(&bits, &shifted, sizeof bits);
      quantised[byte_position(row, j)] = (uint8_t)bits;
    }
  }
}

static void embed(const float *projection, size_t event_count, const float *embeddings,
                  size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                  uint8_t *quantised, float *row_scales) {
  for (size_t row = 0; row < event_count * level_count; row++) {
    const size_t event = row / level_count, level = row % level_count;
    for (size_t j = 0; j < column_count; j++) {
      hidden[position(row, j)] =
          projection[position(event, j)] + embeddings[level * embedding_stride + j];
    }
  }
  activate(hidden, event_count * level_count, column_count, quantised, row_scales);
}

static float norm(const float *outputs, const float *level_weights, size_t level_count,
                  size_t feature_count, float score) {
  for (size_t level = 0; level < level_count; level++) {
    float lanes[16] = {0};
    for (size_t j = 0; j < feature_count; j++) {
      const float output = outputs[position(level, j)];
      lanes[j % 16] = fmaf(output, output, lanes[j % 16]);
    }
    for (int half = 8; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    }
    score = fmaf(level_weights[level], lanes[0], score);
  }
  return score;
}

const tamis_screen_kernels tamis_screen_scalar = {"scalar", 4,        quantise, dense,
                                                  embed,    activate, norm};
