#define _GNU_SOURCE
#include "processors.h"

#if defined(__linux__)
#include <sched.h>

int kb_affinity_count(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
#else
int kb_affinity_count(void) { return 0; }
#endif
