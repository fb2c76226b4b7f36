// What Swift cannot tell the C library's allocator.
#ifndef KB_ALLOCATOR_H
#define KB_ALLOCATOR_H

/// Has every freed buffer of a megabyte or more go back to the system at once.
///
/// Left to itself, glibc keeps freed buffers of up to 32 MB, and the peaks of a long run add up. Other C libraries need no
/// such word, and get none.
void kb_return_freed_buffers(void);

#endif
