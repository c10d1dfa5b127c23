#!/usr/bin/env bash
# usage: check_error.sh COMPILER FILE EXPECTED INCLUDE_DIR...
# With -DWRONG the file does not compile, and the message contains every line of EXPECTED; without, it compiles.
# Compilers print types in their own ways: folders and `shardtype::` are cut from the message, `> >` becomes `>>`.
set -euo pipefail
[ $# -ge 4 ] || { echo "usage: check_error.sh COMPILER FILE EXPECTED INCLUDE_DIR..." >&2; exit 2; }
compiler=$1 file=$2 expected=$3
shift 3
export LC_ALL=C
compile=("$compiler" -std=c++20 -fsyntax-only "${@/#/-I}" "$file")
"${compile[@]}" || { echo "the right program does not compile"; exit 1; }
if said=$("${compile[@]}" -DWRONG 2>&1); then
    echo "the wrong program compiles"
    exit 1
fi
said=$(sed -E 's,([^ ]*/)+,,g; s/shardtype:://g; s/> >/>>/g; s/> >/>>/g' <<<"$said")
[ "$(grep -c 'error: ' <<<"$said")" -eq 1 ] || { echo "not one error: $said"; exit 1; }
lines=0
while IFS= read -r line; do
    grep -qF -- "$line" <<<"$said" || { printf 'not printed: %s\nbut:\n%s\n' "$line" "$said"; exit 1; }
    lines=$((lines + 1))
done <"$expected"
[ "$lines" -gt 0 ] || { echo "$expected is empty"; exit 1; }
