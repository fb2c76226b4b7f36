// What Swift cannot say about processors: those of this process's affinity, and the hint that a core spins.
#ifndef KB_PROCESSORS_H
#define KB_PROCESSORS_H

/// Processors that this process may run on; 0 where the system does not tell.
int kb_affinity_count(void);

/// Tells the core that it waits in a loop.
static inline void kb_spin_hint(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
