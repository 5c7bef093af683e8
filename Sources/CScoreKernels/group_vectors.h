// How the templates of the score's and the screen's kernels lay out a group's rows, and sum them.

#include "vector_lanes.h"

enum {
  block = TAMIS_BLOCK_COLUMNS,
  panel = TAMIS_PANEL_COLUMNS,
  block_stride = TAMIS_GROUP_ROWS * TAMIS_BLOCK_COLUMNS,
};

// Where column `column` of row 0 lies in a group's activations.
ALWAYS_INLINE size_t position(size_t column) {
  return column / block * block_stride + column % block;
}

// The sum of the lanes of a block, lane i of which adds lane i + 8, then i + 4, i + 2 and i + 1.
ALWAYS_INLINE float sum_of_lanes(vector lanes[TAMIS_BLOCK_COLUMNS / LANES]) {
  UNROLL for (int half = block / LANES / 2; half > 0; half /= 2) {
    UNROLL for (int v = 0; v < half; v++) lanes[v] += lanes[v + half];
  }
  vector sum = lanes[0];
#if LANES >= 16
  sum += LANES_FROM(sum, 8);
#endif
#if LANES >= 8
  sum += LANES_FROM(sum, 4);
#endif
  sum += LANES_FROM(sum, 2);
  return sum[0] + sum[1];
}
