// CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected), as in iSCSI (RFC 3720) and ext4.
#ifndef TAMIS_CRC32C_H
#define TAMIS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// Continues `crc` over `byte_count` bytes; start with 0. "123456789" gives 0xE3069283.
/// Uses the processor's instruction where there is one (SSE4.2, ARMv8 CRC), tables elsewhere.
uint32_t tamis_crc32c(uint32_t crc, const void *bytes, size_t byte_count);

/// The same by tables alone: what `tamis_crc32c` falls back on, here to be tested.
uint32_t tamis_crc32c_portable(uint32_t crc, const void *bytes, size_t byte_count);

#endif
