// Whether features can be scored at all.
#ifndef TAMIS_FINITE_H
#define TAMIS_FINITE_H

#include <stdbool.h>
#include <stddef.h>

/// Whether none of `count` values is an infinity or a NaN; true for none. `values` may have any
/// alignment.
bool tamis_all_finite(const float *values, size_t count);

#endif
