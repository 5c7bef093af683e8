#include "score_tables.h"

#if defined(__x86_64__)

#include <string.h>

#include "score_constants.h"

// 32 registers: 24 sums, the weights, the broadcast inputs. Twelve rows read each weight once for
// twelve products; three rows, a lone event, have the same 24 sums over four panels.
#define LANES 16
#define TILE_ROWS 12
#define TILES(T)                                                                       \
  T(1, 8) T(1, 4) T(1, 2) T(2, 8) T(2, 4) T(2, 2) T(3, 8) T(3, 4) T(3, 2)              \
  T(4, 4) T(4, 2) T(5, 4) T(5, 2) T(6, 4) T(6, 2)                                      \
  T(7, 2) T(8, 2) T(9, 2) T(10, 2) T(11, 2) T(12, 2)
#define KERNELS tamis_score_avx512

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#include "score_kernels_vector.h"
#pragma clang attribute pop

#endif
