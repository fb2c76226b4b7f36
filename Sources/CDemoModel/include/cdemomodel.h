// The checkpoint that the demo runs on without another: the files of fixtures/doge-nano, inside the program.
#ifndef KB_DEMO_MODEL_H
#define KB_DEMO_MODEL_H

#include <stddef.h>

typedef struct {
  const char *name;
  const void *bytes;
  size_t count;
} kb_demo_file;

/// A file of the checkpoint, by its place from 0 on; NULL behind the last.
const kb_demo_file *kb_demo_file_at(size_t place);

#endif
