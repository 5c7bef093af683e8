#include "score_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "score_constants.h"

// 16 registers: 12 sums, the weights, a broadcast input.
#define LANES 8
#define TILE_ROWS 6
#define TILES(T) \
  T(1, 4) T(1, 2) T(2, 4) T(2, 2) T(3, 4) T(3, 2) T(4, 2) T(5, 2) T(6, 2)
#define KERNELS tamis_score_avx2

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "score_kernels_vector.h"
#pragma clang attribute pop

#endif
