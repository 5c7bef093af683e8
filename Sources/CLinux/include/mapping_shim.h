// Files that are mapped, for a message where one of them shrinks while it is read (SIGBUS).
#ifndef TAMIS_MAPPING_SHIM_H
#define TAMIS_MAPPING_SHIM_H

#include <stddef.h>
#include <stdint.h>

/// Registers a mapping of the file `path`: a fault in it then ends the process with status 1 and a
/// message that names the file. Returns a handle, or NULL without memory.
void *tamis_mapping_add(const void *start, size_t byte_count, const char *path);

/// Takes a mapping out again, before it is unmapped. NULL is allowed.
void tamis_mapping_forget(void *mapping);

#endif
