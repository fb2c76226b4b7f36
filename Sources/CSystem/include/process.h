// What a process owes its surroundings when it begins and when it ends, in words that a signal handler may use.
#ifndef KB_PROCESS_H
#define KB_PROCESS_H

/// Opens standard descriptors that are closed, so that no file that is opened later takes their number and gets what is
/// meant for them. Using them still fails: each is open the wrong way round, on /dev/null.
void kb_open_standard_descriptors(void);

/// Notes an entry of an open folder that is to be removed should the process end before it is forgotten.
///
/// Returns what forgets it, or -1 where too many are noted or the name is too long.
int kb_note_temporary(int folder, const char *name, int is_folder);
void kb_forget_temporary(int number);

/// Removes everything that is noted, files before folders; for signal handlers, too.
void kb_remove_temporaries(void);

/// Removes what is noted also where a fault or a demand for a core dump ends the process, which it then does as it would have.
///
/// A fault after memory was refused is no fault of the program: there `out_of_memory` is called, which must not return. Swift
/// and its runtime end a process that way where an allocation fails, without a way to ask for anything else.
void kb_watch_faults(void (*out_of_memory)(void));

/// How far the process is with the output that it is there for: what a signal does to it depends on that.
enum kb_commitment { KB_OPEN, KB_COMMITTING, KB_COMMITTED };
void kb_set_commitment(enum kb_commitment commitment);
enum kb_commitment kb_commitment(void);

/// Has SIGALRM come in that many milliseconds, or not at all for 0; for signal handlers, too.
void kb_set_alarm(int milliseconds);

/// Has two entries of a folder change places in one step; 0, or -1 where the system cannot.
int kb_exchange(int folder, const char *one, const char *other);

#endif
