#!/usr/bin/env bash
# usage: bash tests/tidy.sh [--all] [FILE...]
#
# clang-tidy 19 with .clang-tidy, and clang-format. Without a FILE: every program of examples/ and bench/, and one file
# that includes every header of include/; with --all those of tests/ too. A FILE may be a header.
# Exit code: 0 if nothing was found, else 1. Each finding is printed once.
#
#   --help                      this
#   SHARDTYPE_BUILD_DIR=FOLDER  for the compile commands (default: build/tidy)
#   SHARDTYPE_JOBS=N            files at a time (default: one for each core); each takes up to 1 GiB
set -euo pipefail
self=$(realpath "${BASH_SOURCE[0]}")
root=$(dirname "$(dirname "$self")")

# Checks one file, in a process of its own: prints one line, leaves what was found in FOLDER/N.log.
check_one() {  # FOLDER N
    local folder=$1 begin=$SECONDS state=clean file flags=()
    IFS=$'\t' read -r file command < <(sed -n "${2}p" "$folder/list")
    if [ -n "$command" ]; then
        eval "flags=(--config-file=$root/.clang-tidy -- $command)"  # quoted for a shell, by CMake
    else
        flags=(-p "$folder")
    fi
    clang-tidy-19 --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-pragma-once-outside-header \
        "$file" "${flags[@]}" >"$folder/$2.log" 2>"$folder/$2.err" || state=found
    grep -qE ' (warning|error): ' "$folder/$2.log" || [ "$state" = clean ] || cat "$folder/$2.err" >>"$folder/$2.log"
    echo "$state" >"$folder/$2.state"
    printf '[%s/%s] %s: %s, %d s\n' "$2" "$(wc -l <"$folder/list")" "${file#"$root/"}" "$state" $((SECONDS - begin))
}
if [ "${1:-}" = --check-one ]; then
    check_one "$2" "$3"
    exit
fi

start=$PWD
cd "$root"
source cmake/setup.sh
shardtype_begin tests/tidy.sh
all=
files=()
for argument in "$@"; do
    case $argument in
        --help | -h) shardtype_help tests/tidy.sh && exit ;;
        --all) all=1 ;;
        -*) shardtype_refuse "unknown option $argument" ;;
        *) file=$(cd "$start" && realpath -e "$argument" 2>/dev/null) && [ -f "$file" ] ||
            shardtype_refuse "no such file: $argument"
            files+=("$file") ;;
    esac
done
command -v clang-tidy-19 >/dev/null || shardtype_refuse "clang-tidy-19 is not installed (Debian package clang-tidy-19)"
begin=$SECONDS
status=0

format=$(bash tests/structure/check_format.sh . "${files[@]}") || status=$?
printf '%s\n' "$format"
[ "$status" -ne 77 ] || status=0

# The compile commands; nothing is built but what CMake generates.
build=$(realpath -m "${SHARDTYPE_BUILD_DIR:-build/tidy}")
mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER_LAUNCHER= -DSHARDTYPE_BUILD_EXAMPLES=ON \
    -DSHARDTYPE_BUILD_BENCH=ON -DSHARDTYPE_BUILD_TESTS=ON -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >"$build/cmake.log" 2>&1 ||
    shardtype_refuse "cmake failed: $(grep -m 1 -A 2 'Error' "$build/cmake.log" | tr -s ' \n' ' ')"
database=$build/compile_commands.json

# Headers have no command: they get the one of an example.
for_headers=$(sed -n 's/^ *"command": "\(.*05_chain\.cpp\.o.*\)",*$/\1/p' "$database" |
    sed -e 's/^[^ ]* //' -e 's/ -o .*//' -e 's/\\\(.\)/\1/g')
[ -n "$for_headers" ] || shardtype_refuse "no compile command of examples/05_chain.cpp in $database"
if [ ${#files[@]} -eq 0 ]; then
    (cd include && find shardtype -name '*.hpp' | sort | sed 's/.*/#include <&>/') >"$build/all_headers.cpp"
    pattern="$root/\(examples\|bench${all:+\\|tests}\)/"
    mapfile -t files < <(sed -n "s:^ *\"file\"\: \"\($pattern.*\)\"$:\1:p" "$database" | sort -u)
    files=("$build/all_headers.cpp" "${files[@]}")
fi
rm -f "$build"/*.log "$build"/*.err "$build"/*.state
for file in "${files[@]}"; do
    if grep -qF "\"file\": \"$file\"" "$database"; then
        printf '%s\t\n' "$file"
    else
        printf '%s\t%s\n' "$file" "-x c++ $for_headers"
    fi
done >"$build/list"

seq "$(wc -l <"$build/list")" | xargs -P "${SHARDTYPE_JOBS:-$(nproc)}" -I{} bash "$self" --check-one "$build" {} || status=1
mapfile -t findings < <(cat "$build"/[0-9]*.log | grep -E ' (warning|error): ' | sort -u)
if [ ${#findings[@]} -gt 0 ]; then printf '%s\n' "${findings[@]#"$root/"}"; fi
if grep -q found "$build"/*.state; then
    status=1
    grep -lE ' (warning|error): ' "$build"/[0-9]*.log >/dev/null || cat "$build"/[0-9]*.log
fi
echo "tests/tidy.sh: ${#files[@]} files in $((SECONDS - begin)) s, ${#findings[@]} findings, exit code $((status != 0))"
exit $((status != 0))
