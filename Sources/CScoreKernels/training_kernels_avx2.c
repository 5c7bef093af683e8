#include "training_kernels_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "score_constants.h"

// 16 registers: 12 sums, two vectors of weights, a broadcast input.
#define LANES 8
#define TILE_VECTORS 2
#define TILE_ROWS 6
#define TILES(T) T(1) T(2) T(3) T(4) T(5) T(6)
#define KERNELS tamis_training_avx2

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "training_kernels_vector.h"
#pragma clang attribute pop

#endif
