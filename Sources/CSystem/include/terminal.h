// A terminal that hands on keys instead of lines, and how it is put back whatever ends the process.
#ifndef KB_TERMINAL_H
#define KB_TERMINAL_H

/// Has a terminal hand on each key when it is pressed, show none of them, and mark what is pasted, until `kb_end_keys`;
/// 0, or -1 where it cannot. Called again, it repeats that, for a terminal that others have used meanwhile.
int kb_begin_keys(int input, int output);

/// Puts the terminal back as it was; for signal handlers, too.
void kb_end_keys(void);

#endif
