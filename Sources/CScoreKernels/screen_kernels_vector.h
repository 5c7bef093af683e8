// The screen's kernels on vectors of LANES 32-bit lanes: a template that each instruction set's
// file includes once, inside its target attribute, after defining
//   LANES       lanes of a vector register, 8 or 16
//   STEP        inputs that a lane takes at once: 4 unsigned bytes, or 2 unsigned 16-bit numbers
//   DOT         sums + the products of STEP inputs and weights: DOT(sums, inputs, weights)
//   LOOK_UP     the entries of a table of 16 floats that the low bits of LANES integers choose
//   STORE_STEPS stores the low bytes of LANES integers as inputs of a layer
//   TILE_ROWS, TILES(T), KERNELS   as in score_kernels_vector.h
//   NAME        the name of the kernels
// Quantised inputs lie in blocks of 16 steps of 4 bytes, in each TAMIS_GROUP_ROWS rows, so that a
// step takes the place that a column has among the activations.

#include "group_vectors.h"

typedef int32_t stored_step __attribute__((may_alias));

enum {
  column_bytes = 4 / STEP,
  columns_per_step_block = block * STEP,
};

ALWAYS_INLINE bits load_bits(const int32_t *from) { return *(const stored_bits *)from; }
// The larger of two numbers of which one at least has no sign: their bits are ordered as they are.
// Integers are compared by parts of the processor that the multiplications leave free.
ALWAYS_INLINE vector larger(vector a, vector b) {
  return (bits)a > (bits)b ? a : b;
}

// Where the quantised column `column`, a multiple of LANES, of row 0 lies.
ALWAYS_INLINE size_t byte_position(size_t column) {
  return column / columns_per_step_block * block_stride * 4 +
         column % columns_per_step_block * column_bytes;
}

ALWAYS_INLINE float largest_lane(vector value) {
#if LANES >= 16
  value = larger(value, LANES_FROM(value, 8));
#endif
#if LANES >= 8
  value = larger(value, LANES_FROM(value, 4));
#endif
  value = larger(value, LANES_FROM(value, 2));
  return value[0] > value[1] ? value[0] : value[1];
}

// A number for each row of a group. Rows are taken together where a step waits long for its result.
typedef struct {
  float of[TAMIS_BLOCK_COLUMNS] __attribute__((aligned(64)));
} row_numbers;

// dividend / divisors, row by row.
ALWAYS_INLINE row_numbers quotients(float dividend, row_numbers divisors) {
  row_numbers found;
  UNROLL for (int i = 0; i < block; i += LANES) {
    store(found.of + i, (vector)dividend / load(divisors.of + i));
  }
  return found;
}

static void quantise(const float *inputs, size_t row_count, size_t feature_count, float limit,
                     uint8_t *quantised, float *row_scales, bool *fits) {
  row_numbers largest = {{0}};
  for (size_t row = 0; row < row_count; row++) {
    vector highest = (vector)0.0f;
    for (size_t column = 0; column < feature_count; column += block) {
      for (size_t i = 0; i < block; i += LANES) {
        vector z = load(inputs + row * block + position(column) + i);
        highest = larger(__builtin_elementwise_abs(z), highest);
      }
    }
    largest.of[row] = largest_lane(highest);
    fits[row] = largest.of[row] <= limit;
    if (!fits[row]) largest.of[row] = 0;
    row_scales[row] = largest.of[row] * (1.0f / TAMIS_SCREEN_WEIGHT_MAX);
  }
  const row_numbers steps = quotients(TAMIS_SCREEN_WEIGHT_MAX, largest);
  for (size_t row = 0; row < row_count; row++) {
    uint8_t *to = quantised + row * block * 4;
    const vector step = (vector)(largest.of[row] > 0 ? steps.of[row] : 0);
    for (size_t column = 0; column < feature_count; column += block) {
      for (size_t i = 0; i < block; i += LANES) {
        vector scaled = load(inputs + row * block + position(column) + i) * step;
        bits q = (bits)(scaled + (vector)ROUNDING_SHIFT) - (bits)(vector)ROUNDING_SHIFT;
        q = fits[row] ? q : (bits)0;
        STORE_STEPS(to + byte_position(column + i), q + (bits)TAMIS_SCREEN_WEIGHT_MAX);
      }
    }
  }
}

ALWAYS_INLINE bits load_weights(const int8_t *weights, int v, size_t panel_stride) {
  return WEIGHTS(weights + v * LANES / panel * panel_stride + v * LANES % panel * STEP);
}

// Adds one step's products to a tile; see add_products in score_kernels_vector.h.
ALWAYS_INLINE void add_products(
    const int rows, const int vectors, const int8_t *weights, size_t panel_stride,
    const stored_step *inputs, bits sums[TILE_ROWS][128 / LANES]) {
  bits weight[128 / LANES], input[TILE_ROWS];
  if (rows > vectors) {
    UNROLL for (int v = 0; v < vectors; v++) weight[v] = load_weights(weights, v, panel_stride);
    UNROLL for (int row = 0; row < rows; row++) {
      input[row] = (bits)inputs[row * block];
      UNROLL for (int v = 0; v < vectors; v++) {
        sums[row][v] = DOT(sums[row][v], input[row], weight[v]);
      }
    }
  } else {
    UNROLL for (int row = 0; row < rows; row++) input[row] = (bits)inputs[row * block];
    UNROLL for (int v = 0; v < vectors; v++) {
      weight[v] = load_weights(weights, v, panel_stride);
      UNROLL for (int row = 0; row < rows; row++) {
        sums[row][v] = DOT(sums[row][v], input[row], weight[v]);
      }
    }
  }
}

// A tile of `rows` x `vectors` sums that stay in registers from the start to the store. Columns
// count from the layer's first.
ALWAYS_INLINE void run_tile(
    const int rows, const int vectors, const tamis_screen_layer *layer, size_t column,
    const stored_step *inputs, const float *row_scales, bool accumulate, float *outputs) {
  const size_t panel_stride = layer->input_count * panel;
  const int8_t *weights = layer->weights + column / panel * panel_stride + column % panel * STEP;
  bits sums[TILE_ROWS][128 / LANES];
  UNROLL for (int v = 0; v < vectors; v++) {
    const bits start = load_bits(layer->start + column + v * LANES);
    UNROLL for (int row = 0; row < rows; row++) sums[row][v] = start;
  }
  const size_t step_count = layer->input_count / STEP;
  for (size_t first = 0; first < step_count; first += block) {
    const size_t count = smaller(block, step_count - first);
    _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < count; k++) {
      prefetch_weights(rows, vectors, weights, panel_stride, STEP);
      add_products(rows, vectors, weights, panel_stride, inputs + k, sums);
      weights += panel * STEP;
    }
    inputs += block_stride;
  }
  float *to = outputs + position(column);
  UNROLL for (int v = 0; v < vectors; v++) {
    const vector scale = load(layer->scale + column + v * LANES);
    const vector bias = load(layer->bias + column + v * LANES);
    UNROLL for (int row = 0; row < rows; row++) {
      float *place = to + v * LANES / block * block_stride + row * block + v * LANES % block;
      const vector sum = __builtin_convertvector(sums[row][v], vector) * scale;
      const vector base = accumulate ? load(place) + bias : bias;
      store(place, fused(sum, (vector)row_scales[row], base));
    }
  }
}

typedef void tile(const tamis_screen_layer *, size_t column, const stored_step *inputs,
                  const float *row_scales, bool accumulate, float *outputs);

#define DEFINE_TILE(ROWS, VECTORS)                                                              \
  static void tile_##ROWS##_##VECTORS(                                                          \
      const tamis_screen_layer *layer, size_t column, const stored_step *inputs,                \
      const float *row_scales, bool accumulate, float *outputs) {                               \
    run_tile(ROWS, VECTORS, layer, column, inputs, row_scales, accumulate, outputs);            \
  }
TILES(DEFINE_TILE)

#include "tile_choice.h"

static void dense(const tamis_screen_layer *layer, const uint8_t *quantised,
                  const float *row_scales, size_t row_count, bool accumulate, float *outputs) {
  const size_t columns = layer->panel_count * panel;
  const size_t parts = (row_count + TILE_ROWS - 1) / TILE_ROWS;
  const size_t rows_per_part = (row_count + parts - 1) / parts;
  const stored_step *inputs = (const stored_step *)quantised;
  for (size_t column = 0, width = 0; column < columns; column += width) {
    // The first part is the one with most rows, so its tile is the narrowest.
    width = chosen_tile(rows_per_part, columns - column)->columns;
    for (size_t row = 0; row < row_count; row += rows_per_part) {
      const size_t rows = smaller(rows_per_part, row_count - row);
      for (size_t done = 0, step = 0; done < width; done += step) {
        const tile_choice *choice = chosen_tile(rows, width - done);
        step = choice->columns;
        choice->run(layer, column + done, inputs + row * block, row_scales + row, accumulate,
                    outputs + row * block);
      }
    }
  }
}

ALWAYS_INLINE vector activation(vector x) {
  static const float a[] = {SCREEN_A}, b[] = {SCREEN_B}, c[] = {SCREEN_C};
  vector u = __builtin_elementwise_abs(x);
  u = u > (vector)SCREEN_CUT ? (vector)SCREEN_CUT : u;
  const bits segment = (bits)(u + (vector)SCREEN_SEGMENT_SHIFT);
  vector p = fused(u, LOOK_UP(c, segment), LOOK_UP(b, segment));
  return larger(x, (vector)0.0f) + fused(u, p, LOOK_UP(a, segment));
}

// Quantises the activations of rows whose largest values, or 0, are known.
ALWAYS_INLINE void quantise_activations(
    const float *hidden, size_t row_count, size_t column_count, row_numbers largest,
    uint8_t *quantised, float *row_scales) {
  row_numbers ranges;
  UNROLL for (int i = 0; i < block; i += LANES) {
    store(ranges.of + i, load(largest.of + i) + (vector)TAMIS_SCREEN_OFFSET);
  }
  const row_numbers steps = quotients(TAMIS_SCREEN_ACTIVATION_MAX, ranges);
  for (size_t row = 0; row < row_count; row++) {
    const float *from = hidden + row * block;
    uint8_t *to = quantised + row * block * 4;
    row_scales[row] = ranges.of[row] * (1.0f / TAMIS_SCREEN_ACTIVATION_MAX);
    const vector step = (vector)steps.of[row];
    for (size_t column = 0; column < column_count; column += block) {
      for (size_t i = 0; i < block; i += LANES) {
        const vector y = activation(load(from + position(column) + i));
        const bits q = (bits)fused(y, step, (vector)ROUNDING_SHIFT);
        STORE_STEPS(to + byte_position(column + i), q);
      }
    }
  }
}

static void activate(const float *hidden, size_t row_count, size_t column_count, uint8_t *quantised,
                     float *row_scales) {
  row_numbers largest = {{0}};
  for (size_t row = 0; row < row_count; row++) {
    vector highest = (vector)0.0f;
    for (size_t column = 0; column < column_count; column += block) {
      for (size_t i = 0; i < block; i += LANES) {
        highest = larger(load(hidden + row * block + position(column) + i), highest);
      }
    }
    largest.of[row] = largest_lane(highest);
  }
  quantise_activations(hidden, row_count, column_count, largest, quantised, row_scales);
}

static void embed(const float *projection, size_t event_count, const float *embeddings,
                  size_t embedding_stride, size_t level_count, size_t column_count, float *hidden,
                  uint8_t *quantised, float *row_scales) {
  row_numbers largest = {{0}};
  size_t row = 0;
  for (size_t event = 0; event < event_count; event++) {
    for (size_t level = 0; level < level_count; level++, row++) {
      vector highest = (vector)0.0f;
      for (size_t column = 0; column < column_count; column += block) {
        const float *from = projection + position(column) + event * block;
        const float *added = embeddings + level * embedding_stride + column;
        for (size_t i = 0; i < block; i += LANES) {
          const vector sum = load(from + i) + load(added + i);
          store(hidden + position(column) + row * block + i, sum);
          highest = larger(sum, highest);
        }
      }
      largest.of[row] = largest_lane(highest);
    }
  }
  quantise_activations(
      hidden, event_count * level_count, column_count, largest, quantised, row_scales);
}

static float norm(const float *outputs, const float *level_weights, size_t level_count,
                  size_t feature_count, float score) {
  for (size_t level = 0; level < level_count; level++) {
    vector lanes[TAMIS_BLOCK_COLUMNS / LANES];
    UNROLL for (int v = 0; v < block / LANES; v++) lanes[v] = (vector)0.0f;
    for (size_t column = 0; column < feature_count; column += block) {
      UNROLL for (int v = 0; v < block / LANES; v++) {
        const vector output = load(outputs + level * block + position(column) + v * LANES);
        lanes[v] = fused(output, output, lanes[v]);
      }
    }
    score = __builtin_fmaf(level_weights[level], sum_of_lanes(lanes), score);
  }
  return score;
}

const tamis_screen_kernels KERNELS = {NAME, STEP, quantise, dense, embed, activate, norm};
