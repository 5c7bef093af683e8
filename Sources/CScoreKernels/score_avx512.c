#include "score_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "group_tiles.h"
#include "score_constants.h"

#define LANES 16
#define TILE_ROWS 12
#define TILES TILES_OF_32_REGISTERS
#define KERNELS tamis_score_avx512

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#include "score_kernels_vector.h"
#pragma clang attribute pop

#endif
