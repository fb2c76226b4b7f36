#define _GNU_SOURCE
#include "terminal.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static int keys, screen;
static _Atomic int is_changed;

static void write_text(const char *text) { (void)!write(screen, text, strlen(text)); }

int kb_begin_keys(int input, int output) {
  if (!is_changed) {
    if (tcgetattr(input, &before) != 0) return -1;
    keys = input;
    screen = output;
  }
  struct termios wanted = before;
  wanted.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
  wanted.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
  wanted.c_cc[VMIN] = 1;
  wanted.c_cc[VTIME] = 0;
  is_changed = 1;
  // Not TCSAFLUSH, which would lose what was typed ahead.
  if (tcsetattr(keys, TCSANOW, &wanted) != 0) {
    is_changed = 0;
    return -1;
  }
  write_text("\033[?2004h");
  return 0;
}

void kb_end_keys(void) {
  if (!is_changed) return;
  int code = errno;
  // A terminal that another program uses by now is that program's.
  pid_t front = tcgetpgrp(keys);
  if (front < 0 || front == getpgrp()) {
    write_text("\033[?2004l");
    tcsetattr(keys, TCSANOW, &before);
  }
  is_changed = 0;
  errno = code;
}
