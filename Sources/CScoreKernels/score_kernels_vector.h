// The kernels on vectors of LANES floats: a template that each instruction set's file includes
// once, inside its target attribute, after defining
//   LANES       floats of a vector register, at most 16
//   TILE_ROWS   most rows that a tile of registers takes
//   TILES(T)    T(rows, vectors) for each kind of tile, the widest first for each count of rows
//   KERNELS     the name of the table it defines
// Everything else here is static.

#include "group_vectors.h"
#include "vector_exponential.h"

// silu of `count` vectors side by side.
ALWAYS_INLINE void silu(const int count, const float *from, float *to) {
  vector x[VECTORS_MAX], powers[VECTORS_MAX];
  UNROLL for (int i = 0; i < count; i++) {
    x[i] = load(from + i * LANES);
    // A NaN fails the comparison and stays.
    x[i] = x[i] < (vector)-SILU_CUT ? (vector)-SILU_CUT : x[i];
  }
  exponentials_of_minus(count, x, powers);
  UNROLL for (int i = 0; i < count; i++) store(to + i * LANES, x[i] / ((vector)1.0f + powers[i]));
}

ALWAYS_INLINE vector log1p_positive(vector x) {
  vector sum = x + (vector)1.0f;
  vector lost = x < (vector)1.0f ? x - (sum - (vector)1.0f) : (vector)1.0f - (sum - x);
  bits shifted = (bits)sum - (bits)SQRT_HALF_BITS;
  bits exponent = shifted >> 23;
  vector mantissa = (vector)((shifted & (bits)0x7FFFFF) + (bits)SQRT_HALF_BITS);
  bits exponent_cut = exponent > (bits)126 ? (bits)126 : exponent;
  vector scale = (vector)(((bits)127 - exponent_cut) << 23);
  vector f = fused(lost, scale, mantissa - (vector)1.0f);
  vector series = fused(f, (vector)LOG1P_8, (vector)LOG1P_7);
  series = fused(f, series, (vector)LOG1P_6);
  series = fused(f, series, (vector)LOG1P_5);
  series = fused(f, series, (vector)LOG1P_4);
  series = fused(f, series, (vector)LOG1P_3);
  series = fused(f, series, (vector)LOG1P_2);
  series = fused(f, series, (vector)LOG1P_1);
  series = fused(f, series, (vector)LOG1P_0);
  series = fused(f, series, (vector)-0.5f);
  vector k = __builtin_convertvector(exponent, vector);
  vector low = fused(k, (vector)LN2_LOW, f * f * series);
  return fused(k, (vector)LN2_HIGH, f + low);
}

static bool standardise(const tamis_standardiser *standardiser, const void *event, float *inputs) {
  const bits exponent_mask = (bits)0x7F800000;
  const float limit = standardiser->clip;
  bits found = 0;
  for (size_t start = 0; start < standardiser->feature_count; start += block) {
    size_t count = smaller(block, standardiser->feature_count - start);
    float padded[TAMIS_BLOCK_COLUMNS];
    const char *raw = (const char *)event + start * sizeof(float);
    if (count < block) {
      memset(padded, 0, sizeof padded);
      memcpy(padded, raw, count * sizeof(float));
      raw = (const char *)padded;
    }
    float *to = inputs + position(start);
    for (size_t i = 0; i < block; i += LANES) {
      vector x = load(raw + i * sizeof(float));
      found |= ((bits)x & exponent_mask) == exponent_mask;
      if (standardiser->has_logarithms) {
        bits mask = *(const stored_bits *)(standardiser->logarithm_mask + start + i);
        vector positive = x < (vector)0.0f ? (vector)0.0f : x;
        x = mask ? log1p_positive(positive) : x;
      }
      vector z = (x - load(standardiser->mean + start + i)) / load(standardiser->scale + start + i);
      z = z > (vector)limit ? (vector)limit : z;
      z = z < (vector)-limit ? (vector)-limit : z;
      store(to + i, z);
    }
  }
  int32_t any = 0;
  for (int lane = 0; lane < LANES; lane++) any |= found[lane];
  return any == 0;
}

// Vector `v` of an input's weights; a tile may span several panels.
ALWAYS_INLINE vector weight_at(const float *weights, int v, size_t panel_stride) {
  return load(weights + v * LANES / panel * panel_stride + v * LANES % panel);
}

// Adds one input's products to a tile. What there is less of, inputs or weights, is held in
// registers and the other goes by, so that sums, held and passing ones fit into the registers.
ALWAYS_INLINE void add_products(
    const int rows, const int vectors, const float *weights, size_t panel_stride,
    const float *inputs, vector sums[TILE_ROWS][128 / LANES]) {
  vector weight[128 / LANES], input[TILE_ROWS];
  if (rows > vectors) {
    UNROLL for (int v = 0; v < vectors; v++) weight[v] = weight_at(weights, v, panel_stride);
    UNROLL for (int row = 0; row < rows; row++) {
      input[row] = (vector)inputs[row * block];
      UNROLL for (int v = 0; v < vectors; v++) {
        sums[row][v] = fused(input[row], weight[v], sums[row][v]);
      }
    }
  } else {
    UNROLL for (int row = 0; row < rows; row++) input[row] = (vector)inputs[row * block];
    UNROLL for (int v = 0; v < vectors; v++) {
      weight[v] = weight_at(weights, v, panel_stride);
      UNROLL for (int row = 0; row < rows; row++) {
        sums[row][v] = fused(input[row], weight[v], sums[row][v]);
      }
    }
  }
}

// A tile of `rows` x `vectors` sums that stay in registers from the bias to the store. `weights`
// and `bias` are those of the tile's first column.
ALWAYS_INLINE void run_tile(
    const int rows, const int vectors, const tamis_dense_layer *layer, const float *weights,
    const float *bias, const float *inputs, bool accumulate, float *outputs) {
  const size_t panel_stride = layer->input_count * panel;
  vector sums[TILE_ROWS][128 / LANES];
  UNROLL for (int v = 0; v < vectors; v++) {
    UNROLL for (int row = 0; row < rows; row++) sums[row][v] = load(bias + v * LANES);
  }
  for (size_t start = 0; start < layer->input_count; start += block) {
    const size_t count = smaller(block, layer->input_count - start);
    // Unrolled by the compiler this loop runs out of registers.
    _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < count; k++) {
      prefetch_weights(rows, vectors, weights, panel_stride * sizeof(float), sizeof(float));
      add_products(rows, vectors, weights, panel_stride, inputs + k, sums);
      weights += panel;
    }
    inputs += block_stride;
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    UNROLL for (int row = 0; row < rows; row++) {
      float *to = outputs + v * LANES / block * block_stride + row * block + v * LANES % block;
      store(to, accumulate ? load(to) + sums[row][v] : sums[row][v]);
    }
  }
}

typedef void tile(const tamis_dense_layer *, const float *weights, const float *bias,
                  const float *inputs, bool accumulate, float *outputs);

#define DEFINE_TILE(ROWS, VECTORS)                                                            \
  static void tile_##ROWS##_##VECTORS(                                                        \
      const tamis_dense_layer *layer, const float *weights, const float *bias,                \
      const float *inputs, bool accumulate, float *outputs) {                                 \
    run_tile(ROWS, VECTORS, layer, weights, bias, inputs, accumulate, outputs);               \
  }
TILES(DEFINE_TILE)

#include "tile_choice.h"

static void dense(const tamis_dense_layer *layer, const float *inputs, size_t row_count,
                  bool accumulate, float *outputs) {
  const size_t columns = layer->panel_count * panel;
  const size_t parts = (row_count + TILE_ROWS - 1) / TILE_ROWS;
  const size_t rows_per_part = (row_count + parts - 1) / parts;
  for (size_t column = 0, width = 0; column < columns; column += width) {
    const float *weights =
        layer->weights + column / panel * panel * layer->input_count + column % panel;
    // The first part is the one with most rows, so its tile is the narrowest.
    width = chosen_tile(rows_per_part, columns - column)->columns;
    for (size_t row = 0; row < row_count; row += rows_per_part) {
      const size_t rows = smaller(rows_per_part, row_count - row);
      const float *from = inputs + row * block;
      float *to = outputs + row * block;
      for (size_t done = 0, step = 0; done < width; done += step) {
        const tile_choice *choice = chosen_tile(rows, width - done);
        step = choice->columns;
        choice->run(layer, weights + done, layer->bias + column + done, from, accumulate,
                    to + position(column + done));
      }
    }
  }
}

static void activate(const float *hidden, size_t row_count, size_t column_count, float *activated) {
  // As many side by side as 32 registers hold beside the factors; AVX2 has 16.
  enum { side_by_side = LANES == 8 ? 1 : VECTORS_MAX };
  for (size_t column = 0; column < column_count; column += block) {
    const float *from = hidden + position(column);
    float *to = activated + position(column);
    const size_t count = row_count * block;
    size_t i = 0;
    for (; i + side_by_side * LANES <= count; i += side_by_side * LANES) {
      silu(side_by_side, from + i, to + i);
    }
    for (; i < count; i += LANES) silu(1, from + i, to + i);
  }
}

static void embed(const float *projection, size_t event_count, const float *embeddings,
                  size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                  float *activated) {
  for (size_t column = 0; column < column_count; column += block) {
    for (size_t level = 0; level < level_count; level++) {
      for (size_t i = 0; i < block; i += LANES) {
        const float *from = projection + position(column) + i;
        float *to = hidden + position(column) + level * block + i;
        const vector added = load(embeddings + level * embedding_stride + column + i);
        for (size_t event = 0; event < event_count; event++) {
          store(to + event * level_count * block, load(from + event * block) + added);
        }
      }
    }
  }
  activate(hidden, event_count * level_count, column_count, activated);
}

static void attribute(const float *outputs, const float *level_weights, size_t level_count,
                      bool accumulate, size_t feature_count, float *attributions) {
  for (size_t column = 0; column < feature_count; column += LANES) {
    const float *from = outputs + position(column);
    vector sum = accumulate ? load(attributions + column) : (vector)0.0f;
    for (size_t level = 0; level < level_count; level++) {
      vector output = load(from + level * block);
      vector share = (vector)level_weights[level] * (output * output);
      sum = level == 0 && !accumulate ? share : sum + share;
    }
    store(attributions + column, sum);
  }
}

static float total(size_t feature_count, float *attributions) {
  vector lanes[TAMIS_BLOCK_COLUMNS / LANES];
  UNROLL for (int v = 0; v < block / LANES; v++) lanes[v] = (vector)0.0f;
  for (size_t start = 0; start < feature_count; start += block) {
    for (size_t i = feature_count - start; i < block; i++) attributions[start + i] = 0;
    UNROLL for (int v = 0; v < block / LANES; v++) {
      vector share = load(attributions + start + v * LANES);
      share = share == share ? share : (vector)__builtin_inff();
      store(attributions + start + v * LANES, share);
      lanes[v] += share;
    }
  }
  return sum_of_lanes(lanes);
}

static void rectify(float *values, size_t row_count, size_t column_count) {
  for (size_t column = 0; column < column_count; column += block) {
    float *rows = values + position(column);
    for (size_t i = 0; i < row_count * block; i += LANES) {
      vector x = load(rows + i);
      // A NaN fails the comparison and stays, so that what overflowed is still seen at the end.
      store(rows + i, x < (vector)0.0f ? (vector)0.0f : x);
    }
  }
}

static void residual(const float *inputs, const float *outputs, size_t feature_count,
                     float *attributions) {
  for (size_t column = 0; column < feature_count; column += LANES) {
    const size_t from = position(column);
    const vector difference = load(inputs + from) - load(outputs + from);
    store(attributions + column, difference * difference);
  }
}

static const int32_t lane_numbers[TAMIS_BLOCK_COLUMNS] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                          8, 9, 10, 11, 12, 13, 14, 15};

static void largest(const float *sums, size_t row_count, size_t column_count, int32_t first,
                    float *best, int32_t *places) {
  for (size_t row = 0; row < row_count; row++) {
    for (size_t i = 0; i < block; i += LANES) {
      const size_t lanes = row * block + i;
      vector most = first == 0 ? (vector)-__builtin_inff() : load(best + lanes);
      bits at = first == 0 ? (bits)0 : *(const stored_bits *)(places + lanes);
      bits here = *(const stored_bits *)(lane_numbers + i) + (bits)first;
      for (size_t column = 0; column < column_count; column += block) {
        const vector sum = load(sums + position(column) + lanes);
        // A NaN fails the comparison.
        const bits is_more = sum > most;
        most = is_more ? sum : most;
        at = is_more ? here : at;
        here += (bits)block;
      }
      store(best + lanes, most);
      *(stored_bits *)(places + lanes) = at;
    }
  }
}

static void distance(const float *inputs, const float *prototype, float weight,
                     size_t feature_count, float *attributions) {
  for (size_t column = 0; column < feature_count; column += LANES) {
    const vector difference = load(inputs + position(column)) - load(prototype + column);
    const vector share = (vector)weight * (difference * difference);
    store(attributions + column, load(attributions + column) + share);
  }
}

const tamis_score_kernels KERNELS = {standardise, dense,   embed,    activate, attribute,
                                     total,       rectify, residual, largest,  distance};
