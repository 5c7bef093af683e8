// Memory for weights and activations.
#ifndef TAMIS_ALIGNED_MEMORY_H
#define TAMIS_ALIGNED_MEMORY_H

#include <stddef.h>

/// Zeroed memory on a 64-byte boundary, or NULL. From 256 KiB on it is asked to lie in huge pages:
/// weights are read from end to end for each group of events, and with small pages the translation
/// buffer, not the cache, would limit that. Give it back with `tamis_aligned_free`.
void *_Nullable tamis_aligned_allocate(size_t byte_count);

/// Gives the memory back; NULL is allowed.
void tamis_aligned_free(void *_Nullable memory);

#endif
