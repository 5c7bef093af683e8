#include "screen_tables.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "group_tiles.h"
#include "score_constants.h"
#include "screen_constants.h"

#define LANES 16
#define STEP 4
#define TILE_ROWS 12
#define TILES TILES_OF_32_REGISTERS
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
