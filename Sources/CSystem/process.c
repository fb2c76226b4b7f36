#define _GNU_SOURCE
#include "process.h"

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void kb_open_standard_descriptors(void) {
  for (int number = 0; number < 3; number++) {
    if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one: those below are open.
    (void)!open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

enum { FREE, BEING_WRITTEN, NOTED };

static struct {
  _Atomic int state;
  int folder, is_folder;
  char name[256];
} temporaries[64];

static const int count = sizeof temporaries / sizeof temporaries[0];

int kb_note_temporary(int folder, const char *name, int is_folder) {
  if (strlen(name) >= sizeof temporaries[0].name) return -1;
  for (int i = 0; i < count; i++) {
    int expected = FREE;
    if (!__c11_atomic_compare_exchange_strong(&temporaries[i].state, &expected, BEING_WRITTEN, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      continue;
    temporaries[i].folder = folder;
    temporaries[i].is_folder = is_folder;
    strcpy(temporaries[i].name, name);
    temporaries[i].state = NOTED;
    return i;
  }
  return -1;
}

void kb_forget_temporary(int number) {
  if (number >= 0) temporaries[number].state = FREE;
}

void kb_remove_temporaries(void) {
  // Files, the folders of folders, and those.
  for (int pass = 0; pass < 3; pass++)
    for (int i = 0; i < count; i++)
      if (temporaries[i].state == NOTED && temporaries[i].is_folder == (pass > 0))
        unlinkat(temporaries[i].folder, temporaries[i].name, pass ? AT_REMOVEDIR : 0);
}

static _Atomic enum kb_commitment current;
void kb_set_commitment(enum kb_commitment commitment) { current = commitment; }
enum kb_commitment kb_commitment(void) { return current; }

void kb_set_alarm(int milliseconds) {
  struct itimerval time = {.it_value = {.tv_usec = milliseconds * 1000}};
  setitimer(ITIMER_REAL, &time, NULL);
}

static const int fault_signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGFPE, SIGQUIT, SIGXCPU};
static struct sigaction actions_before[sizeof fault_signals / sizeof fault_signals[0]];
static void (*end_for_memory)(void);
static char last_words[4096];

static void end_for_fault(int number) {
  // The allocator's last word, still that of this thread.
  if (errno == ENOMEM && number != SIGQUIT && number != SIGXCPU) end_for_memory();
  kb_end_keys();
  (void)!write(STDERR_FILENO, last_words, strlen(last_words));
  kb_remove_temporaries();
  for (size_t i = 0; i < sizeof fault_signals / sizeof fault_signals[0]; i++)
    if (fault_signals[i] == number) sigaction(number, &actions_before[i], NULL);
  raise(number);
}

void kb_watch_faults(void (*out_of_memory)(void)) {
  end_for_memory = out_of_memory;
#ifdef __GLIBC__
  // What Swift's runtime says before it faults, to be passed on unless the reason is told in other words.
  FILE *stream = fmemopen(last_words, sizeof last_words - 1, "w");
  if (stream && setvbuf(stream, NULL, _IONBF, 0) == 0) stderr = stream;
#endif
  for (size_t i = 0; i < sizeof fault_signals / sizeof fault_signals[0]; i++) {
    struct sigaction action = {.sa_handler = end_for_fault};
    sigaction(fault_signals[i], &action, &actions_before[i]);
  }
}

int kb_exchange(int folder, const char *one, const char *other) {
#if defined(__APPLE__)
  return renameatx_np(folder, one, folder, other, RENAME_SWAP);
#elif defined(RENAME_EXCHANGE)
  return renameat2(folder, one, folder, other, RENAME_EXCHANGE);
#else
  return -1;
#endif
}
