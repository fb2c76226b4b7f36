#include "allocator.h"

#include <stdlib.h>  // defines __GLIBC__ where it is

#ifdef __GLIBC__
#include <malloc.h>

void kb_return_freed_buffers(void) { mallopt(M_MMAP_THRESHOLD, 1 << 20); }
#else
void kb_return_freed_buffers(void) {}
#endif
