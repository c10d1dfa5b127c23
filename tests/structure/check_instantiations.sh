#!/usr/bin/env bash
# usage: check_instantiations.sh CLANG INCLUDE_DIR...      --update CLANG INCLUDE_DIR...: writes the counts anew
# Templates that clang instantiates for each program of cost/, by its time trace: a count that no busy machine moves. None
# may be more than 3 % above cost/instantiations.txt, nor below by as much: then the file is to be written anew.
set -euo pipefail
export LC_ALL=C
update=0
[ "${1:-}" != --update ] || { update=1 && shift; }
clang=$1
shift
mapfile -t folders < <(realpath -- "$@")
cd "$(dirname "${BASH_SOURCE[0]}")/cost"
command -v "$clang" >/dev/null || { echo "skipped: $clang is not installed, so no instantiations were counted"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

status=0
for file in *.cpp; do
    name=${file%.cpp}
    "$clang" -std=c++20 "${folders[@]/#/-I}" -ftime-trace="$folder/trace.json" -ftime-trace-granularity=0 -c -o "$folder/object" "$file"
    count=$(grep -oE '"name":"Instantiate(Class|Function)"' "$folder/trace.json" | wc -l)
    echo "$name $count" >>"$folder/counts"
    before=$(sed -n "s/^$name //p" instantiations.txt 2>/dev/null || true)
    printf '%-16s %6d instantiations, %6s in cost/instantiations.txt\n' "$name" "$count" "${before:-none}"
    [ "$update" = 0 ] || continue
    if [ -z "$before" ] || [ $((100 * count)) -gt $((103 * before)) ] || [ $((103 * count)) -lt $((100 * before)) ]; then
        echo "$name: more than 3 % off; if that is meant: bash tests/structure/check_instantiations.sh --update $clang include"
        status=1
    fi
done
[ "$update" = 0 ] || cp "$folder/counts" instantiations.txt
exit "$status"
