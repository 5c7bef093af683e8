// The training kernels on vectors of LANES floats: a template that each instruction set's file
// includes once, inside its target attribute, after defining
//   LANES         floats of a vector register, at most 16
//   TILE_VECTORS  vectors of columns that a tile of registers takes; LANES * TILE_VECTORS <= 32
//   TILE_ROWS     most rows of a tile
//   TILES(T)      T(rows) for each count of rows from 1 to TILE_ROWS
//   KERNELS       the name of the table it defines
// Everything else here is static.

#include "vector_lanes.h"
#include "vector_exponential.h"

enum { panel = TAMIS_TRAINING_PANEL };

// A tile of `rows` x TILE_VECTORS sums that stay in registers from start to end. Term t of row r
// is inputs[r * row_stride + t * term_stride] * weights[t * 32 ...]; after 32 terms the inputs go
// on `hop` floats further. Without `start` the sums go on from what `outputs` holds.
ALWAYS_INLINE void run_tile(
    const int rows, const size_t row_stride, const size_t term_stride, const float *weights,
    const float *start, const float *inputs, size_t hop, size_t term_count, bool accumulate,
    float *outputs) {
  vector sums[TILE_ROWS][TILE_VECTORS];
  UNROLL for (int row = 0; row < rows; row++) {
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
      sums[row][v] = load(start ? start + v * LANES : outputs + row * panel + v * LANES);
    }
  }
  for (size_t first = 0; first < term_count; first += panel) {
    const size_t count = smaller(panel, term_count - first);
    const float *input = inputs + first / panel * hop;
    // Unrolled by the compiler this loop runs out of registers.
    _Pragma("clang loop unroll(disable)") for (size_t term = 0; term < count; term++) {
      vector weight[TILE_VECTORS];
      UNROLL for (int v = 0; v < TILE_VECTORS; v++) weight[v] = load(weights + v * LANES);
      UNROLL for (int row = 0; row < rows; row++) {
        const vector factor = (vector)input[row * row_stride];
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
          sums[row][v] = fused(factor, weight[v], sums[row][v]);
        }
      }
      weights += panel;
      input += term_stride;
    }
  }
  UNROLL for (int row = 0; row < rows; row++) {
    UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
      float *to = outputs + row * panel + v * LANES;
      store(to, accumulate ? load(to) + sums[row][v] : sums[row][v]);
    }
  }
}

#define DEFINE_TILES(ROWS)                                                                    \
  static void product_##ROWS(                                                                 \
      const float *weights, const float *start, const float *inputs, size_t hop,              \
      size_t term_count, bool accumulate, float *outputs) {                                   \
    run_tile(ROWS, panel, 1, weights, start, inputs, hop, term_count, accumulate, outputs);   \
  }                                                                                           \
  static void correlation_##ROWS(                                                             \
      const float *inputs, const float *deltas, size_t row_count, float *gradient) {          \
    run_tile(ROWS, 1, panel, inputs, NULL, deltas, panel *panel, row_count, false, gradient); \
  }
TILES(DEFINE_TILES)

typedef void product_tile(const float *, const float *, const float *, size_t, size_t, bool,
                          float *);
typedef void correlation_tile(const float *, const float *, size_t, float *);
#define NAME_PRODUCT(ROWS) product_##ROWS,
#define NAME_CORRELATION(ROWS) correlation_##ROWS,
static product_tile *const products[] = {TILES(NAME_PRODUCT)};
static correlation_tile *const correlations[] = {TILES(NAME_CORRELATION)};

// Rows a tile, so that `row_count` rows fall into as few and as equal tiles as can be.
static size_t rows_per_tile(size_t row_count) {
  const size_t tiles = (row_count + TILE_ROWS - 1) / TILE_ROWS;
  return (row_count + tiles - 1) / tiles;
}

static void multiply(tamis_weight_panels weights, const float *start, tamis_panels inputs,
                     size_t row_count, bool accumulate, tamis_panels outputs) {
  if (row_count == 0) return;
  const size_t rows = rows_per_tile(row_count);
  for (size_t p = 0; p < weights.panel_count; p++) {
    const float *weight = weights.values + p * weights.term_count * panel;
    for (size_t column = 0; column < panel; column += TILE_VECTORS * LANES) {
      for (size_t row = 0; row < row_count; row += rows) {
        products[smaller(rows, row_count - row) - 1](
            weight + column, start + p * panel + column, inputs.values + row * panel,
            inputs.stride, weights.term_count, accumulate,
            outputs.values + p * outputs.stride + row * panel + column);
      }
    }
  }
}

static void correlate(const float *deltas, const float *inputs, size_t row_count,
                      float *gradient) {
  const size_t rows = rows_per_tile(panel);
  for (size_t column = 0; column < panel; column += TILE_VECTORS * LANES) {
    for (size_t n = 0; n < panel; n += rows) {
      correlations[smaller(rows, panel - n) - 1](
          inputs + column, deltas + n, row_count, gradient + n * panel + column);
    }
  }
}

static void add_rows(const float *deltas, const int32_t *levels, size_t row_count, float *sums) {
  for (size_t row = 0; row < row_count; row++) {
    float *sum = sums + (levels ? (size_t)levels[row] * panel : 0);
    const float *delta = deltas + row * panel;
    for (size_t i = 0; i < panel; i += LANES) store(sum + i, load(sum + i) + load(delta + i));
  }
}

static void perturb(const float *event, const float *noise, float sigma, size_t feature_count,
                    tamis_panels inputs, tamis_panels noise_row) {
  for (size_t first = 0; first < feature_count; first += panel) {
    const size_t byte_count = smaller(panel, feature_count - first) * sizeof(float);
    float clean[TAMIS_TRAINING_PANEL] = {0};
    float *kept = noise_row.values + first / panel * noise_row.stride;
    float *perturbed = inputs.values + first / panel * inputs.stride;
    memcpy(clean, event + first, byte_count);
    memset(kept, 0, panel * sizeof(float));
    memcpy(kept, noise + first, byte_count);
    for (size_t i = 0; i < panel; i += LANES) {
      store(perturbed + i, fused((vector)sigma, load(kept + i), load(clean + i)));
    }
  }
}

static void embed(const float *embeddings, size_t embedding_stride, const int32_t *levels,
                  size_t row_count, float *hidden) {
  for (size_t row = 0; row < row_count; row++) {
    const float *embedding = embeddings + (size_t)levels[row] * embedding_stride;
    float *h = hidden + row * panel;
    for (size_t i = 0; i < panel; i += LANES) store(h + i, load(h + i) + load(embedding + i));
  }
}

// With s = 1 / (1 + 2^(-x log2 e)): silu = x s, silu' = s + silu (1 - s).
static void activate(const float *hidden, size_t count, float *activated, float *slopes) {
  for (size_t i = 0; i < count; i += LANES) {
    vector x = load(hidden + i);
    x = x < (vector)-SILU_CUT ? (vector)-SILU_CUT : x;
    const vector divisor = (vector)1.0f + exponential_of_minus(x);
    const vector silu = x / divisor;
    const vector sigmoid = (vector)1.0f / divisor;
    store(activated + i, silu);
    store(slopes + i, fused(silu, (vector)1.0f - sigmoid, sigmoid));
  }
}

static void rectify(const float *hidden, size_t count, float *activated, float *slopes) {
  for (size_t i = 0; i < count; i += LANES) {
    const vector x = load(hidden + i);
    // As the scoring kernels have it: a NaN fails the comparison and stays.
    store(activated + i, x < (vector)0.0f ? (vector)0.0f : x);
    store(slopes + i, x > (vector)0.0f ? (vector)1.0f : (vector)0.0f);
  }
}

static void descend(const float *gradient, const float *slopes, const float *upper, size_t count,
                    float *result) {
  for (size_t i = 0; i < count; i += LANES) {
    const vector above = upper ? load(upper + i) : (vector)0.0f;
    store(result + i, fused(load(gradient + i), load(slopes + i), above));
  }
}

static void residual(tamis_panels outputs, tamis_panels noise, size_t panel_count,
                     size_t row_count, const float *gains, float sign, float scale,
                     tamis_panels deltas, float *losses) {
  for (size_t row = 0; row < row_count; row++) {
    const float gain = gains[row];
    const float slope = gain * scale;
    // Column j adds to lane j % 32; then the lanes are added in order.
    float lanes[TAMIS_TRAINING_PANEL] = {0};
    for (size_t p = 0; p < panel_count; p++) {
      const float *output = outputs.values + p * outputs.stride + row * panel;
      const float *e = noise.values + p * noise.stride + row * panel;
      float *delta = deltas.values + p * deltas.stride + row * panel;
      for (size_t i = 0; i < panel; i += LANES) {
        const vector difference =
            fused((vector)gain, load(output + i), (vector)sign * load(e + i));
        store(delta + i, (vector)slope * difference);
        store(lanes + i, fused(difference, difference, load(lanes + i)));
      }
    }
    float loss = 0;
    for (int lane = 0; lane < panel; lane++) loss += lanes[lane];
    losses[row] = loss;
  }
}

static void adam(const tamis_adam *adam, const float *gradient, size_t count, float *parameters,
                 float *means, float *squares, float *average) {
  for (size_t i = 0; i < count; i += LANES) {
    const vector g = load(gradient + i);
    const vector old_mean = load(means + i);
    const vector mean = fused((vector)adam->fresh_mean, g - old_mean, old_mean);
    const vector square = fused(
        (vector)adam->fresh_square * g, g, (vector)adam->old_square * load(squares + i));
    const vector divisor =
        __builtin_elementwise_sqrt(square) / (vector)adam->square_correction +
        (vector)adam->epsilon;
    const vector parameter =
        fused((vector)-adam->step_size, mean / divisor, load(parameters + i));
    store(means + i, mean);
    store(squares + i, square);
    store(parameters + i, parameter);
    if (average) {
      const vector old = load(average + i);
      store(average + i, fused((vector)adam->fresh_average, parameter - old, old));
    }
  }
}

static void transpose(const float *from, float *to) {
  // Blocks of 8 x 8, so that each line of both is touched while it is in the first-level cache.
  for (size_t row = 0; row < panel; row += 8) {
    for (size_t column = 0; column < panel; column += 8) {
      for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 8; j++) {
          to[(column + j) * panel + row + i] = from[(row + i) * panel + column + j];
        }
      }
    }
  }
}

const tamis_training_kernels KERNELS = {
    .perturb = perturb,
    .multiply = multiply,
    .embed = embed,
    .activate = activate,
    .rectify = rectify,
    .descend = descend,
    .residual = residual,
    .correlate = correlate,
    .add_rows = add_rows,
    .adam = adam,
    .transpose = transpose,
};
