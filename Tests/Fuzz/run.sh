#!/usr/bin/env bash
# Fuzzes every parser that meets a file, with libFuzzer under the address sanitizer.
#
#   Tests/Fuzz/run.sh [-s SECONDS] [-r RUNS] [-x SEED] [-n] [TARGET ...]
#
# Builds (with -n it takes what was built last), gives each target its first inputs and the cases in
# Corpus/TARGET, then SECONDS (5) of mutated inputs, or RUNS of them. A trap, a fault that the
# sanitizer sees, more than a second for one input or more live memory than 64 MiB and four times
# the input is a finding: its input is left in .build/fuzz/findings, and belongs into Corpus/TARGET
# once it is mended.
set -euo pipefail
cd "$(dirname "$0")/../.."

limit=(-max_total_time=5)
seed=1
build=yes
while getopts s:r:x:n option; do
  case $option in
    s) limit=("-max_total_time=$OPTARG") ;;
    r) limit=("-runs=$OPTARG") ;;
    x) seed=$OPTARG ;;
    n) build=no ;;
    *) exit 64 ;;
  esac
done
shift $((OPTIND - 1))

here=Tests/Fuzz
work=.build/fuzz
if [ $build = yes ]; then
  swift build -c release --target KibbleTool --scratch-path "$work" -Xswiftc -enable-testing \
    -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address
  clang -O1 -g -c $here/meter.c -o $work/meter.o
  built=$work/release
  objects=$(find "$built/" -path '*.build/*.o' | sort)
  maps=()
  for map in "$built"/*.build/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done
  swiftc -swift-version 6 -O -parse-as-library -module-name Fuzz -package-name kibble \
    -sanitize=fuzzer,address -I "$built/Modules" -I $here -I Sources/CZlib "${maps[@]}" \
    $here/*.swift $work/meter.o $objects -use-ld=lld -lz -o $work/fuzz
fi

rm -rf "$work/seeds" "$work/findings"
mkdir -p "$work/findings"
PYTHONDONTWRITEBYTECODE=1 python3 $here/seeds.py "$work/seeds"
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <("$work/fuzz")

status=0
printf '%-20s %12s %8s %8s   %s\n' target executions edges grown 'slowest, most memory'
for target in "${targets[@]}"; do
  mkdir -p "$work/found/$target"
  corpus=("$work/found/$target")
  for folder in "$here/Corpus/$target" "$work/seeds/$target"; do
    [ ! -d "$folder" ] || corpus+=("$folder")
  done
  log=$work/$target.log
  # Leaks are not looked for: a reference in an enum carries a tag, by which it is not recognized.
  if ! SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:malloc_context_size=4 \
    "$work/fuzz" "--target=$target" "${limit[@]}" "-seed=$seed" -timeout=20 -rss_limit_mb=1024 \
    -malloc_limit_mb=80 -max_len=16384 -len_control=50 -detect_leaks=0 -print_final_stats=1 \
    "-artifact_prefix=$work/findings/$target-" "-dict=$work/seeds/words" \
    "${corpus[@]}" >"$log" 2>&1; then
    status=1
    grep -vE '^#[0-9]+\s' "$log" | tail -60
  fi
  edges=$(grep -oE 'cov: [0-9]+' "$log" | grep -oE '[0-9]+' | sed -n '1p;$p' | xargs)
  runs=$(sed -n 's/.*number_of_executed_units: //p' "$log" | tail -1)
  printf '%-20s %12s %8s %8s   %s\n' "$target" "${runs:-?}" "${edges% *}" \
    "$((${edges#* } - ${edges% *}))" "$(sed -n 's/meter: .*executions, //p' "$log")"
done
exit $status
