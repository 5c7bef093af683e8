// Loops that only multiply and add, with the instructions of the scoring kernels and operands in
// registers: the peak of a processor core.
#ifndef TAMIS_PEAK_KERNELS_H
#define TAMIS_PEAK_KERNELS_H

#include <stdint.h>

#include "instruction_set.h"

#pragma clang assume_nonnull begin

/// Runs `rounds` rounds of fused multiply-adds of float32 and returns how many products that were.
uint64_t tamis_peak_float32(tamis_isa isa, uint64_t rounds);

/// The same for sums of products of 8-bit integers, with the instructions of the screen's kernels.
uint64_t tamis_peak_int8(tamis_isa isa, uint64_t rounds);

#pragma clang assume_nonnull end

#endif
