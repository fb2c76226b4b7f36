// What one execution takes: time, and memory that is alive at the same moment.
#include <stddef.h>

// Begins an execution on an input of that size. More live memory than 64 MiB and four times the
// input, or more than a second, ends the process, so that the fuzzer keeps the input as a finding.
void meter_begin(size_t size);
void meter_end(void);

// The descriptor of a file that is only in memory.
int memory_file(void);
