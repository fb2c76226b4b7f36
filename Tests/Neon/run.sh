#!/usr/bin/env bash
# Runs the NEON kernels against the scalar ones on another kind of processor, under qemu-user: the C kernels alone.
# The scalar kernels have to give the same bits there and here.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=aarch64-linux-gnu
missing=()
command -v qemu-aarch64 >/dev/null || command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user)
test -e /usr/$target/lib/libc.a || missing+=(libc6-dev-arm64-cross)
compgen -G "/usr/lib/gcc-cross/$target/*/libgcc.a" >/dev/null || missing+=(libgcc-12-dev-arm64-cross)
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing packages: ${missing[*]}" >&2
  exit 69
fi

# clang of the Swift toolchain, not one that happens to come first.
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
gcc=$(dirname "$(compgen -G "/usr/lib/gcc-cross/$target/*/libgcc.a" | tail -n 1)")
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# As SwiftPM compiles them for a release.
sources=(-std=c11 -O2 -Wall -Werror -I Sources/CKernels/include Sources/CKernels/*.c Tests/Neon/neon_test.c -lm)
"$clang" "${sources[@]}" -fuse-ld=lld -o "$build/here"
"$clang" --target=$target -isystem /usr/$target/include -B /usr/$target/lib -B "$gcc" -L /usr/$target/lib -L "$gcc" \
  -fuse-ld=lld -static "${sources[@]}" -o "$build/there"

here=$("$build/here") || { echo "$here"; exit 1; }
there=$("$emulator" -cpu max "$build/there" neon neondot) || { echo "$there"; exit 1; }
echo "$there"
if [ "$(grep '^hash' <<<"$here")" != "$(grep '^hash' <<<"$there")" ]; then
  echo "the scalar kernels give other bits here: $(grep '^hash' <<<"$here")" >&2
  exit 1
fi
