// CRC-32 as zlib computes it, with carry-less multiplication where the processor has it.
#ifndef KB_CHECKSUM_H
#define KB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Continues a checksum; begins with 0. The same values as zlib's crc32.
uint32_t kb_crc32(uint32_t crc, const void *bytes, size_t count);

/// Takes so many blocks of 64 bytes into a state of SHA-256 (FIPS 180-4, section 6.2.2).
void kb_sha256_blocks(uint32_t state[8], const void *blocks, size_t count);

#endif
