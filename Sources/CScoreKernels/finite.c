#include "finite.h"

#include <stdint.h>
#include <string.h>

bool tamis_all_finite(const float *values, size_t count) {
  // Infinities and NaN are those with all exponent bits set. No early exit, so that the compiler
  // makes vectors of it: almost every event is finite.
  const uint32_t exponent = 0x7F800000;
  const unsigned char *bytes = (const unsigned char *)values;
  uint32_t found = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
    found |= (bits & exponent) == exponent;
  }
  return found == 0;
}
