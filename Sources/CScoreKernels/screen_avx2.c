#include "screen_tables.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "group_tiles.h"
#include "score_constants.h"
#include "screen_constants.h"

// The byte products of AVX2 saturate at 16 bits: two times 254 x 127 is beyond them. So inputs and
// weights are widened to 16 bits, whose products and sums are exact in 32.
#define LANES 8
#define STEP 2
#define TILE_ROWS 6
#define TILES TILES_OF_16_REGISTERS
#define WEIGHTS(from) ((bits)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(from))))
#define DOT(sums, inputs, weights) \
  ((sums) + (bits)_mm256_madd_epi16((__m256i)(inputs), (__m256i)(weights)))
#define LOOK_UP(table, segment)                                                       \
  ((vector)_mm256_blendv_ps(                                                          \
      _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i)(segment)),           \
      _mm256_permutevar8x32_ps(_mm256_loadu_ps((table) + 8), (__m256i)(segment)),     \
      (__m256)((segment) << 28)))
#define STORE_STEPS(to, q) store_low_bytes(to, (__m256i)(q))
#define KERNELS tamis_screen_avx2
#define NAME "avx2"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
static inline __attribute__((always_inline)) void store_low_bytes(uint8_t *to, __m256i q) {
  const __m256i bytes = _mm256_and_si256(q, _mm256_set1_epi32(0xFF));
  const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
  _mm_storeu_si128((__m128i *)to, _mm_packus_epi32(low, high));
}
#include "screen_kernels_vector.h"
#pragma clang attribute pop

#endif
