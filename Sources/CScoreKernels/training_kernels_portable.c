// Whatever the compiler takes for granted on this processor: NEON on 64-bit ARM, where it is part
// of the base; SSE2 and the library's exact `fmaf` on x86-64, which is the slow reference.
#include <string.h>

#include "score_constants.h"
#include "training_kernels_tables.h"

// NEON has 32 registers: 24 sums, four vectors of weights, the broadcast inputs.
#define LANES 4
#define TILE_VECTORS 4
#define TILE_ROWS 6
#define TILES(T) T(1) T(2) T(3) T(4) T(5) T(6)
#define KERNELS tamis_training_portable

#include "training_kernels_vector.h"
