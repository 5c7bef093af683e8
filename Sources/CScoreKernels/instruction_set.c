#include "instruction_set.h"

#include <stdlib.h>
#include <string.h>

bool tamis_isa_available(tamis_isa isa) {
  switch (isa) {
    case TAMIS_ISA_SCALAR:
      return true;
#if defined(__x86_64__)
    case TAMIS_ISA_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TAMIS_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case TAMIS_ISA_NEON:
      return true;
#endif
    default:
      return false;
  }
}

tamis_isa tamis_isa_best(void) {
  static const tamis_isa fastest_first[] = {TAMIS_ISA_AVX512, TAMIS_ISA_AVX2, TAMIS_ISA_NEON};
  for (unsigned i = 0; i < sizeof fastest_first / sizeof fastest_first[0]; i++) {
    if (tamis_isa_available(fastest_first[i])) return fastest_first[i];
  }
  return TAMIS_ISA_SCALAR;
}

tamis_isa tamis_isa_selected(void) {
  const char *name = getenv("TAMIS_ISA");
  if (name != NULL) {
    for (tamis_isa isa = TAMIS_ISA_SCALAR; isa <= TAMIS_ISA_NEON; isa++) {
      if (strcmp(name, tamis_isa_name(isa)) == 0 && tamis_isa_available(isa)) return isa;
    }
  }
  return tamis_isa_best();
}

const char *tamis_isa_name(tamis_isa isa) {
  switch (isa) {
    case TAMIS_ISA_AVX2:
      return "avx2";
    case TAMIS_ISA_AVX512:
      return "avx512";
    case TAMIS_ISA_NEON:
      return "neon";
    default:
      return "scalar";
  }
}
