// The reference: the arithmetic contract in plain loops, one float at a time. It shares nothing
// with the vector kernels but constants, so that a test of one against the other tests both.
// `fmaf` rounds once on every processor: C's library computes it where there is no instruction.
#include <math.h>
#include <string.h>

#include "score_constants.h"
#include "score_tables.h"

#pragma STDC FP_CONTRACT OFF

static size_t position(size_t row, size_t column) {
  return (column / TAMIS_BLOCK_COLUMNS * TAMIS_GROUP_ROWS + row) * TAMIS_BLOCK_COLUMNS +
         column % TAMIS_BLOCK_COLUMNS;
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static float silu(float x) {
  if (x < -SILU_CUT) x = -SILU_CUT;
  const float exponent = x > SILU_CUT ? SILU_CUT : x;
  const float shifted = fmaf(exponent, -LOG2E_HIGH, ROUNDING_SHIFT);
  const float whole = shifted - ROUNDING_SHIFT;
  float fraction = fmaf(exponent, -LOG2E_HIGH, -whole);
  fraction = fmaf(exponent, -LOG2E_LOW, fraction);
  const float factors[] = {EXP2_5, EXP2_4, EXP2_3, EXP2_2, EXP2_1, 1.0f};
  float power = EXP2_6;
  for (int i = 0; i < 6; i++) power = fmaf(fraction, power, factors[i]);
  power = float_of(bits_of(power) + (bits_of(shifted) << 23));
  return x / (1.0f + power);
}

static float log1p_positive(float x) {
  const float sum = x + 1.0f;
  const float lost = x < 1.0f ? x - (sum - 1.0f) : 1.0f - (sum - x);
  const uint32_t shifted = bits_of(sum) - SQRT_HALF_BITS;
  const uint32_t exponent = shifted >> 23;
  const float mantissa = float_of((shifted & 0x7FFFFF) + SQRT_HALF_BITS);
  const float scale = float_of((127 - (exponent > 126 ? 126 : exponent)) << 23);
  const float f = fmaf(lost, scale, mantissa - 1.0f);
  const float factors[] = {LOG1P_7, LOG1P_6, LOG1P_5, LOG1P_4, LOG1P_3,
                           LOG1P_2, LOG1P_1, LOG1P_0, -0.5f};
  float series = LOG1P_8;
  for (int i = 0; i < 9; i++) series = fmaf(f, series, factors[i]);
  const float k = (float)exponent;
  const float low = fmaf(k, LN2_LOW, f * f * series);
  return fmaf(k, LN2_HIGH, f + low);
}

static bool standardise(const tamis_standardiser *standardiser, const void *event, float *inputs) {
  const size_t count = standardiser->feature_count;
  const size_t padded =
      (count + TAMIS_BLOCK_COLUMNS - 1) / TAMIS_BLOCK_COLUMNS * TAMIS_BLOCK_COLUMNS;
  const float limit = standardiser->clip;
  bool finite = true;
  for (size_t j = 0; j < padded; j++) {
    float x = 0;
    if (j < count) memcpy(&x, (const char *)event + j * sizeof x, sizeof x);
    if (!isfinite(x)) finite = false;
    if (standardiser->logarithm_mask[j]) x = log1p_positive(x < 0 ? 0 : x);
    float z = (x - standardiser->mean[j]) / standardiser->scale[j];
    if (z > limit) z = limit;
    if (z < -limit) z = -limit;
    inputs[position(0, j)] = z;
  }
  return finite;
}

static void dense(const tamis_dense_layer *layer, const float *inputs, size_t row_count,
                  bool accumulate, float *outputs) {
  const size_t width = TAMIS_PANEL_COLUMNS;
  for (size_t row = 0; row < row_count; row++) {
    for (size_t j = 0; j < layer->panel_count * width; j++) {
      const float *weights = layer->weights + j / width * width * layer->input_count + j % width;
      float sum = layer->bias[j];
      for (size_t k = 0; k < layer->input_count; k++) {
        sum = fmaf(inputs[position(row, k)], weights[k * width], sum);
      }
      float *output = outputs + position(row, j);
      *output = accumulate ? *output + sum : sum;
    }
  }
}

static void embed(const float *projection, size_t event_count, const float *embeddings,
                  size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                  float *activated) {
  for (size_t row = 0; row < event_count * level_count; row++) {
    const size_t event = row / level_count, level = row % level_count;
    for (size_t j = 0; j < column_count; j++) {
      const float h = projection[position(event, j)] + embeddings[level * embedding_stride + j];
      hidden[position(row, j)] = h;
      activated[position(row, j)] = silu(h);
    }
  }
}

static void activate(const float *hidden, size_t row_count, size_t column_count, float *activated) {
  for (size_t row = 0; row < row_count; row++) {
    for (size_t j = 0; j < column_count; j++) {
      activated[position(row, j)] = silu(hidden[position(row, j)]);
    }
  }
}

static void attribute(const float *outputs, const float *level_weights, size_t level_count,
                      bool accumulate, size_t feature_count, float *attributions) {
  for (size_t level = 0; level < level_count; level++) {
    for (size_t j = 0; j < feature_count; j++) {
      const float output = outputs[position(level, j)];
      const float square = output * output;
      const float share = level_weights[level] * square;
      attributions[j] = level > 0 || accumulate ? attributions[j] + share : share;
    }
  }
}

static float total(size_t feature_count, float *attributions) {
  float lanes[16] = {0};
  for (size_t j = 0; j < feature_count; j++) {
    if (isnan(attributions[j])) attributions[j] = INFINITY;
    lanes[j % 16] += attributions[j];
  }
  for (size_t j = feature_count; j % 16 != 0; j++) attributions[j] = 0;
  for (int half = 8; half > 0; half /= 2) {
    for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

static void rectify(float *values, size_t row_count, size_t column_count) {
  for (size_t row = 0; row < row_count; row++) {
    for (size_t j = 0; j < column_count; j++) {
      float *value = values + position(row, j);
      if (*value < 0) *value = 0;
    }
  }
}

static void residual(const float *inputs, const float *outputs, size_t feature_count,
                     float *attributions) {
  for (size_t j = 0; j < feature_count; j++) {
    const float difference = inputs[position(0, j)] - outputs[position(0, j)];
    attributions[j] = difference * difference;
  }
}

static void largest(const float *sums, size_t row_count, size_t column_count, int32_t first,
                    float *best, int32_t *places) {
  for (size_t row = 0; row < row_count; row++) {
    float *row_best = best + row * TAMIS_BLOCK_COLUMNS;
    int32_t *row_places = places + row * TAMIS_BLOCK_COLUMNS;
    for (size_t lane = 0; first == 0 && lane < TAMIS_BLOCK_COLUMNS; lane++) {
      row_best[lane] = -INFINITY;
      row_places[lane] = 0;
    }
    for (size_t j = 0; j < column_count; j++) {
      const size_t lane = j % TAMIS_BLOCK_COLUMNS;
      const float sum = sums[position(row, j)];
      if (sum > row_best[lane]) {
        row_best[lane] = sum;
        row_places[lane] = first + (int32_t)j;
      }
    }
  }
}

static void distance(const float *inputs, const float *prototype, float weight,
                     size_t feature_count, float *attributions) {
  for (size_t j = 0; j < feature_count; j++) {
    const float difference = inputs[position(0, j)] - prototype[j];
    const float square = difference * difference;
    const float share = weight * square;
    attributions[j] = attributions[j] + share;
  }
}

const tamis_score_kernels tamis_score_scalar = {
    standardise, dense, embed, activate, attribute, total, rectify, residual, largest, distance};
