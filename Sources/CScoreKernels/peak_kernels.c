#include "peak_kernels.h"

#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Chains enough to hide the latency of an instruction, and few enough for the registers.
enum { chains = 12 };
#define UNROLL _Pragma("clang loop unroll(full)")

// One loop of independent chains: sums[i] = STEP(sums[i]). The empty assembly keeps the compiler
// from folding rounds together, and the sums from being dropped.
#define PEAK_LOOP(TYPE, START, STEP, CONSTRAINT)                                  \
  TYPE sums[chains];                                                              \
  UNROLL for (int i = 0; i < chains; i++) sums[i] = START;                        \
  for (uint64_t round = 0; round < rounds; round++) {                             \
    UNROLL for (int i = 0; i < chains; i++) sums[i] = STEP(sums[i]);              \
    UNROLL for (int i = 0; i < chains; i++) __asm__ volatile("" : CONSTRAINT(sums[i])); \
  }

#if defined(__x86_64__)

__attribute__((target("avx512f"))) static uint64_t float32_avx512(uint64_t rounds) {
  const __m512 factor = _mm512_set1_ps(0.999f), addend = _mm512_set1_ps(0.5f);
#define STEP(sum) _mm512_fmadd_ps(sum, factor, addend)
  PEAK_LOOP(__m512, _mm512_set1_ps(1), STEP, "+v")
#undef STEP
  return rounds * chains * 16;
}

__attribute__((target("avx2,fma"))) static uint64_t float32_avx2(uint64_t rounds) {
  const __m256 factor = _mm256_set1_ps(0.999f), addend = _mm256_set1_ps(0.5f);
#define STEP(sum) _mm256_fmadd_ps(sum, factor, addend)
  PEAK_LOOP(__m256, _mm256_set1_ps(1), STEP, "+x")
#undef STEP
  return rounds * chains * 8;
}

__attribute__((target("avx512f,avx512vnni"))) static uint64_t int8_avx512vnni(uint64_t rounds) {
  const __m512i inputs = _mm512_set1_epi32(0x01020304), weights = _mm512_set1_epi32(0x01FF01FF);
#define STEP(sum) _mm512_dpbusd_epi32(sum, inputs, weights)
  PEAK_LOOP(__m512i, _mm512_set1_epi32(1), STEP, "+v")
#undef STEP
  return rounds * chains * 64;
}

__attribute__((target("avx2"))) static uint64_t int8_avx2(uint64_t rounds) {
  const __m256i weights = _mm256_set1_epi16(-3);
  __m256i inputs = _mm256_set1_epi16(7);
  // Without this the product, being always the same, would be computed once.
#define STEP(sum)                                                           \
  ({                                                                        \
    __asm__ volatile("" : "+x"(inputs));                                    \
    _mm256_add_epi32(sum, _mm256_madd_epi16(inputs, weights));              \
  })
  PEAK_LOOP(__m256i, _mm256_set1_epi32(1), STEP, "+x")
#undef STEP
  return rounds * chains * 16;
}

#endif

static uint64_t float32_scalar(uint64_t rounds) {
#define STEP(sum) fmaf(sum, 0.999f, 0.5f)
#if defined(__x86_64__)
  PEAK_LOOP(float, 1, STEP, "+x")
#else
  PEAK_LOOP(float, 1, STEP, "+w")
#endif
#undef STEP
  return rounds * chains;
}

static uint64_t int8_scalar(uint64_t rounds) {
  int32_t input = 7;
#define STEP(sum)                           \
  ({                                        \
    __asm__ volatile("" : "+r"(input));     \
    (sum) + input * -3;                     \
  })
  PEAK_LOOP(int32_t, 1, STEP, "+r")
#undef STEP
  return rounds * chains;
}

#if defined(__aarch64__)
#include <arm_neon.h>

static uint64_t float32_neon(uint64_t rounds) {
  const float32x4_t factor = vdupq_n_f32(0.999f), addend = vdupq_n_f32(0.5f);
#define STEP(sum) vfmaq_f32(sum, addend, factor)
  PEAK_LOOP(float32x4_t, vdupq_n_f32(1), STEP, "+w")
#undef STEP
  return rounds * chains * 4;
}
#endif

uint64_t tamis_peak_float32(tamis_isa isa, uint64_t rounds) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX512:
      return float32_avx512(rounds);
    case TAMIS_ISA_AVX2:
      return float32_avx2(rounds);
#elif defined(__aarch64__)
    case TAMIS_ISA_NEON:
      return float32_neon(rounds);
#endif
    default:
      return float32_scalar(rounds);
  }
}

uint64_t tamis_peak_int8(tamis_isa isa, uint64_t rounds) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX512:
      if (__builtin_cpu_supports("avx512vnni")) return int8_avx512vnni(rounds);
      return int8_avx2(rounds);
    case TAMIS_ISA_AVX2:
      return int8_avx2(rounds);
#endif
    default:
      return int8_scalar(rounds);
  }
}
