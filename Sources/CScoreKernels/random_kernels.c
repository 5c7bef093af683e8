#include "random_kernels.h"

#pragma STDC FP_CONTRACT OFF

#define KERNEL_INLINE static inline __attribute__((always_inline))

#define GAUSSIAN_NAME(name) gaussian_##name##_baseline
#define GAUSSIAN_LANES 2
#define GAUSSIAN_ZIP_LOW 0, 2
#define GAUSSIAN_ZIP_HIGH 1, 3
#include "gaussian_blocks.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define GAUSSIAN_NAME(name) gaussian_##name##_avx2
#define GAUSSIAN_LANES 4
#define GAUSSIAN_ZIP_LOW 0, 4, 1, 5
#define GAUSSIAN_ZIP_HIGH 2, 6, 3, 7
#include "gaussian_blocks.h"
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), \
    apply_to = function)
#define GAUSSIAN_NAME(name) gaussian_##name##_avx512
#define GAUSSIAN_LANES 8
#define GAUSSIAN_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define GAUSSIAN_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#include "gaussian_blocks.h"
#pragma clang attribute pop

#endif

typedef void (*gaussian_blocks)(uint64_t seed, uint64_t stream, uint64_t block, float *out,
                                size_t block_count);

static gaussian_blocks blocks_with(tamis_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX2:
      return gaussian_blocks_avx2;
    case TAMIS_ISA_AVX512:
      return gaussian_blocks_avx512;
#endif
    default:
      // SSE2 on x86-64, NEON on ARM64: part of every processor of the kind.
      return gaussian_blocks_baseline;
  }
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void fill(gaussian_blocks blocks, uint64_t seed, uint64_t stream, uint64_t start, float *out,
                 size_t count) {
  float partial[4];
  uint64_t block = start / 4;
  size_t skipped = start % 4;
  if (skipped != 0) {
    size_t used = smaller(count, 4 - skipped);
    blocks(seed, stream, block++, partial, 1);
    __builtin_memcpy(out, partial + skipped, used * sizeof(float));
    out += used;
    count -= used;
  }
  blocks(seed, stream, block, out, count / 4);
  size_t rest = count % 4;
  if (rest != 0) {
    blocks(seed, stream, block + count / 4, partial, 1);
    __builtin_memcpy(out + (count - rest), partial, rest * sizeof(float));
  }
}

void tamis_gaussian_fill(uint64_t seed, uint64_t stream, uint64_t start, float *out, size_t count) {
  // Chosen on first use. Two threads may both choose; they choose the same.
  static _Atomic(gaussian_blocks) chosen = 0;
  gaussian_blocks blocks = chosen;
  if (blocks == 0) {
    blocks = blocks_with(tamis_isa_selected());
    chosen = blocks;
  }
  fill(blocks, seed, stream, start, out, count);
}

bool tamis_gaussian_fill_with(tamis_isa isa, uint64_t seed, uint64_t stream, uint64_t start,
                              float *out, size_t count) {
  if (!tamis_isa_available(isa)) return false;
  fill(blocks_with(isa), seed, stream, start, out, count);
  return true;
}
