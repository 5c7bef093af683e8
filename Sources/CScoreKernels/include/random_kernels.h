// Standard normals in bulk, from a counter-based generator.
#ifndef TAMIS_RANDOM_KERNELS_H
#define TAMIS_RANDOM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"

/// Writes the normals start, start + 1, ... of the stream `(seed, stream)` to `out`, with the
/// instruction set of `tamis_isa_selected()`.
///
/// Normal i depends on (seed, stream, i) alone. Normals 4b to 4b + 3 come from the words of the
/// Philox4x32-10 block with key `seed` and counter (b, stream), by the method of Box and Muller:
/// words 0 and 1 make the first two, words 2 and 3 the others. A word w stands for the uniform
/// number (w + 1/2) / 2^32; with radius r = sqrt(-2 ln u) and angle a = 2 pi v the normals are
/// r cos a and r sin a, computed in float64 to a relative error below 2^-42 and rounded to
/// float32. All instruction sets give the same bits.
void tamis_gaussian_fill(uint64_t seed, uint64_t stream, uint64_t start, float *out, size_t count);

/// The same with one instruction set, for tests; false where this processor lacks it.
bool tamis_gaussian_fill_with(tamis_isa isa, uint64_t seed, uint64_t stream, uint64_t start,
                              float *out, size_t count);

#endif
