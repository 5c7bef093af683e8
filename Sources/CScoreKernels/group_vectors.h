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

// A tile goes through a few kilobytes of weights, which is less than the processor needs to see
// where it goes: in a small network a thirtieth of the time. A tile of few rows reads more weights
// than it multiplies and has no place for it. It may ask past the last weights, where nothing is
// read. A step has `column_bytes` a column; the next panel lies `panel_bytes` behind.
ALWAYS_INLINE void prefetch_weights(
    const int rows, const int vectors, const void *weights, size_t panel_bytes,
    const size_t column_bytes) {
  enum { steps_ahead = 8, line_bytes = 64 };
  if (rows <= vectors) return;
  UNROLL for (int v = 0; v < vectors; v++) {
    if (v * LANES * column_bytes % line_bytes != 0) continue;
    const size_t place = v * LANES / panel * panel_bytes + v * LANES % panel * column_bytes;
    __builtin_prefetch((const char *)weights + place + steps_ahead * panel * column_bytes);
  }
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
