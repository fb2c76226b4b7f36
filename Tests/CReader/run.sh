#!/usr/bin/env bash
# Compares formats/kibble.h with what kibble exports, bit for bit, here and on other processors under qemu-user, and gives it damaged
# files under the sanitizers.
#
#   Tests/CReader/run.sh [PROGRAM]
#
# PROGRAM is the kibble that makes the files, .build/release/kibble by default.
set -euo pipefail
program=$(realpath "${1:-$(dirname "$0")/../../.build/release/kibble}")
cd "$(dirname "$0")/../.."

missing=()
for target in aarch64:arm64 riscv64:riscv64; do
  processor=${target%:*} package=${target#*:}
  { command -v "qemu-$processor" || command -v "qemu-$processor-static"; } >/dev/null || missing+=(qemu-user)
  test -e "/usr/$processor-linux-gnu/lib/libc.a" || missing+=("libc6-dev-$package-cross")
  compgen -G "/usr/lib/gcc-cross/$processor-linux-gnu/*/libgcc.a" >/dev/null || missing+=("libgcc-12-dev-$package-cross")
done
python=python3
$python -c 'import numpy' 2>/dev/null || python=/usr/bin/python3
$python -c 'import numpy' 2>/dev/null || missing+=(python3-numpy)
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing packages: ${missing[*]}" >&2
  exit 69
fi
if [ ! -x "$program" ]; then
  echo "$program is not there: swift build -c release makes it" >&2
  exit 66
fi

# clang of the Swift toolchain, not one that happens to come first.
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
mkdir "$build/files"

flags=(-O2 -Wall -Wextra -Wpedantic -Wconversion -Werror)
test=Tests/CReader/reader_test.c
"$clang" -std=c99 "${flags[@]}" -fuse-ld=lld -o "$build/here" $test
"$clang" -std=c99 "${flags[@]}" -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fuse-ld=lld -o "$build/sanitized" $test
"$clang" -x c++ -std=c++11 "${flags[@]}" -c -o /dev/null $test
# gcc warns of other things.
if command -v gcc >/dev/null; then gcc -std=c99 "${flags[@]}" -c -o /dev/null $test; fi
for processor in aarch64 riscv64; do
  target=$processor-linux-gnu
  gcc=$(dirname "$(compgen -G "/usr/lib/gcc-cross/$target/*/libgcc.a" | tail -n 1)")
  "$clang" --target=$target -isystem /usr/$target/include -B /usr/$target/lib -B "$gcc" -L /usr/$target/lib -L "$gcc" \
    -fuse-ld=lld -static -std=c99 "${flags[@]}" -o "$build/$processor" $test
done

$python Tests/CReader/reader_test.py "$program" "$build/here" "$build/files"
cd "$build/files"

# Files of every kind of record, small enough for many rounds.
"$build/sanitized" hostile 10000 example.kibble bands-two.kibble
"$build/sanitized" hostile 2000 odd-shapes-bands.kibble odd-shapes-bands-rows.kibble odd-shapes-bands-rows-zlib.kibble

# Those with thousands of names say nothing about a processor, but take long where it is emulated.
mapfile -t files < <(find . -name '*.kibble' ! -name '*names*' | sort)
here=$("$build/sanitized" dump "${files[@]}" | sha256sum)
for processor in aarch64 riscv64; do
  emulator=$(command -v "qemu-$processor" || command -v "qemu-$processor-static")
  if [ "$("$emulator" "$build/$processor" dump "${files[@]}" | sha256sum)" != "$here" ]; then
    echo "$processor reads something else" >&2
    exit 1
  fi
  echo "$processor reads the same of ${#files[@]} files"
done

# The example at the head of the header.
cd - >/dev/null
sed -n '1,/^#ifndef/s|^//     ||p' formats/kibble.h >"$build/example.c"
"$clang" -std=c99 "${flags[@]}" -I formats -fuse-ld=lld -o "$build/example" "$build/example.c"
"$build/example" "$build/files/doge-nano-bands.kibble" >"$build/example.txt"
grep -q '"model_type"' "$build/example.txt"
