#include "score_tables.h"

#if defined(__aarch64__)

#include <string.h>

#include "score_constants.h"

// 32 registers: 24 sums, four weights, the broadcast inputs. NEON is part of every 64-bit ARM.
#define LANES 4
#define TILE_ROWS 6
#define TILES(T) \
  T(1, 8) T(1, 4) T(2, 8) T(2, 4) T(3, 8) T(3, 4) T(4, 4) T(5, 4) T(6, 4)
#define KERNELS tamis_score_neon

#include "score_kernels_vector.h"

#endif
