#!/usr/bin/env bash
# Runs tests under the sanitizers of the compiler.
#
#   Tests/Sanitizers/run.sh        C kernels, file access and thread pool, built alone
#   Tests/Sanitizers/run.sh all    the whole test suite, under address and undefined behaviour
#
# Memory: out of bounds, used after it was freed (address). C: shifts, overflows, unaligned access
# and the like (undefined; the first one ends the run with a trap). Threads: access that nothing
# orders (thread).
set -euo pipefail
cd "$(dirname "$0")/../.."

package=Tests/Sanitizers
memory=(--sanitize address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined)
# Leaks are not looked for: a reference in an enum carries a tag, by which it is not recognized.
export ASAN_OPTIONS=detect_leaks=0
if [ "${1:-}" = all ]; then
  exec swift test -c release --scratch-path .build/sanitize-all "${memory[@]}"
fi
swift test -c release --package-path $package --scratch-path .build/sanitize-memory "${memory[@]}"
export TSAN_OPTIONS="suppressions=$PWD/$package/thread.supp"
swift test -c release --package-path $package --scratch-path .build/sanitize-thread \
  --sanitize thread --filter '^ParallelTests\.|Threads'
