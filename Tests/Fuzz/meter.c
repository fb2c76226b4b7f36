#define _GNU_SOURCE
#include "meter.h"
#include <sanitizer/allocator_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static size_t executions, limit, most;
static long long live, peak;
static double start, slowest;
static int active;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void allocated(const volatile void *pointer, size_t size) {
  (void)pointer;
  if (!active) return;
  live += (long long)size;
  if (live <= peak) return;
  peak = live;
  if ((size_t)peak <= limit) return;
  active = 0;
  fprintf(stderr, "meter: %lld bytes are alive at once, the limit is %zu\n", peak, limit);
  abort();
}

static void freed(const volatile void *pointer) {
  // What an execution frees of its predecessors makes room for others; caches are not its cost.
  if (active) live -= (long long)__sanitizer_get_allocated_size((const void *)pointer);
}

static void report(void) {
  fprintf(stderr, "meter: %zu executions, slowest %.0f ms, most memory %zu KiB\n", executions,
          slowest * 1000, most >> 10);
}

void meter_begin(size_t size) {
  if (executions++ == 0) {
    __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    atexit(report);
  }
  limit = ((size_t)64 << 20) + 4 * size;
  live = peak = 0;
  start = now();
  active = 1;
}

void meter_end(void) {
  active = 0;
  double time = now() - start;
  if (time > slowest) slowest = time;
  if (time > 1) {
    fprintf(stderr, "meter: %.2f s of processor time, the limit is 1\n", time);
    abort();
  }
  if ((size_t)peak > most) most = (size_t)peak;
}

int memory_file(void) { return memfd_create("input", 0); }
