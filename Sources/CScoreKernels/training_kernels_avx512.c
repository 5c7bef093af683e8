#include "training_kernels_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "score_constants.h"

// 32 registers: 24 sums, two vectors of weights, the broadcast inputs.
#define LANES 16
#define TILE_VECTORS 2
#define TILE_ROWS 12
#define TILES(T) T(1) T(2) T(3) T(4) T(5) T(6) T(7) T(8) T(9) T(10) T(11) T(12)
#define KERNELS tamis_training_avx512

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#include "training_kernels_vector.h"
#pragma clang attribute pop

#endif
