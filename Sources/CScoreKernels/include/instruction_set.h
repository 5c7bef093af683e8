// Which instruction sets the kernels exist for, and which one this process uses.
// Every kernel gives the same bits in all of them; the choice is one of speed alone.
#ifndef TAMIS_INSTRUCTION_SET_H
#define TAMIS_INSTRUCTION_SET_H

#include <stdbool.h>

typedef enum {
  TAMIS_ISA_SCALAR = 0,
  TAMIS_ISA_AVX2 = 1,    // AVX2 and FMA
  TAMIS_ISA_AVX512 = 2,  // AVX-512 F, DQ, BW and VL
  TAMIS_ISA_NEON = 3,
} tamis_isa;

/// Whether kernels for `isa` are compiled in and this processor runs them.
bool tamis_isa_available(tamis_isa isa);

/// The fastest available one.
tamis_isa tamis_isa_best(void);

/// The one `TAMIS_ISA` names (scalar, avx2, avx512, neon) where it is available, else the best.
/// A value that cannot be followed is reported by Swift's `InstructionSet.selected()`, which the
/// programs call first.
tamis_isa tamis_isa_selected(void);

/// "scalar", "avx2", "avx512" or "neon".
const char *tamis_isa_name(tamis_isa isa);

#endif
