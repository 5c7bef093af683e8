// Asking for memory before it is needed.
#ifndef TAMIS_PREFETCH_H
#define TAMIS_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

/// Asks the processor for `byte_count` bytes that lie `distance` bytes behind `from`; of many for the
/// first kilobyte, since it then goes on by itself. There need not be any memory.
static inline void tamis_prefetch(
    const void *_Nonnull from, size_t distance, size_t byte_count) {
  const uintptr_t start = (uintptr_t)from + distance;
  const size_t asked = byte_count < 1024 ? byte_count : 1024;
  for (size_t byte = 0; byte < asked; byte += 64) {
    __builtin_prefetch((const void *)(start + byte));
  }
}

#endif
