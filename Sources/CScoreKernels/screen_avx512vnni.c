#include "screen_tables.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "score_constants.h"
#include "screen_constants.h"

// The tiles of score_avx512.c: an integer dot product takes the same registers.
#define LANES 16
#define STEP 4
#define TILE_ROWS 12
#define TILES(T)                                                                       \
  T(1, 8) T(1, 4) T(1, 2) T(2, 8) T(2, 4) T(2, 2) T(3, 8) T(3, 4) T(3, 2)              \
  T(4, 4) T(4, 2) T(5, 4) T(5, 2) T(6, 4) T(6, 2)                                      \
  T(7, 2) T(8, 2) T(9, 2) T(10, 2) T(11, 2) T(12, 2)
#define WEIGHTS(from) ((bits)_mm512_loadu_si512(from))
#define DOT(sums, inputs, weights) \
  ((bits)_mm512_dpbusd_epi32((__m512i)(sums), (__m512i)(inputs), (__m512i)(weights)))
#define LOOK_UP(table, segment) \
  ((vector)_mm512_permutexvar_ps((__m512i)(segment), _mm512_loadu_ps(table)))
#define STORE_STEPS(to, q) _mm_storeu_si128((__m128i *)(to), _mm512_cvtepi32_epi8((__m512i)(q)))
#define KERNELS tamis_screen_avx512vnni
#define NAME "avx512vnni"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni"))), apply_to = function)
#include "screen_kernels_vector.h"
#pragma clang attribute pop

#endif
