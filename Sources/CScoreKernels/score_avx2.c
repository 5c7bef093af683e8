#include "score_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "group_tiles.h"
#include "score_constants.h"

#define LANES 8
#define TILE_ROWS 6
#define TILES TILES_OF_16_REGISTERS
#define KERNELS tamis_score_avx2

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "score_kernels_vector.h"
#pragma clang attribute pop

#endif
