#include "training_kernels.h"

#include "training_kernels_tables.h"

const tamis_training_kernels *tamis_training_kernels_for(tamis_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case TAMIS_ISA_AVX2:
      return &tamis_training_avx2;
    case TAMIS_ISA_AVX512:
      return &tamis_training_avx512;
#endif
    default:
      return &tamis_training_portable;
  }
}
