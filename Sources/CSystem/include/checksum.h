// CRC-32 as zlib computes it, with carry-less multiplication where the processor has it.
#ifndef KB_CHECKSUM_H
#define KB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Continues a checksum; begins with 0. The same values as zlib's crc32.
uint32_t kb_crc32(uint32_t crc, const void *bytes, size_t count);

#endif
