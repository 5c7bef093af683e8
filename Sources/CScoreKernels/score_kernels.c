#include "score_kernels.h"

#include "score_tables.h"

const tamis_score_kernels *tamis_score_kernels_for(tamis_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX2:
      return &tamis_score_avx2;
    case TAMIS_ISA_AVX512:
      return &tamis_score_avx512;
#elif defined(__aarch64__)
    case TAMIS_ISA_NEON:
      return &tamis_score_neon;
#endif
    default:
      return &tamis_score_scalar;
  }
}
