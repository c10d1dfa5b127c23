#!/usr/bin/env bash
# usage: single_header.sh SOURCE_DIR COMPILER [INCLUDE_DIR...]
# The flattened header compiles alone without warnings, stands in for every header it is made of (the programs of
# tests/static, a program whose output is compared), and refuses with the same text as they do. INCLUDE_DIR: Boost's.
set -euo pipefail
source=$1 compiler=$2
shift 2
here=$source/tests/consumer
export LC_ALL=C
die() { echo "single header, $(basename "$compiler"): $*"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

single=$folder/shardtype_single.hpp
sh "$source/cmake/flatten.sh" "$source" 0.0.0 "$single"
if grep -nE '#[[:space:]]*include[[:space:]]*(<shardtype|")|#pragma once' "$single"; then die "it is not flat"; fi

# A folder in which each of the headers is the single one; the real include folder is not searched.
sed -n 's|^// \(shardtype/.*\.hpp\)$|\1|p' "$single" >"$folder/made_of"
while read -r header; do
    mkdir -p "$folder/instead/$(dirname "$header")"
    echo '#include <shardtype_single.hpp>' >"$folder/instead/$header"
done <"$folder/made_of"
flags=(-std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror "${@/#/-I}")
instead=("-I$folder" "-I$folder/instead")

printf '#include <shardtype_single.hpp>\n#include <shardtype_single.hpp>\n' |
    "$compiler" "${flags[@]}" "-I$folder" -fsyntax-only -x c++ - || die "it does not compile alone"
# Compiler Explorer pastes it into the main file.
{ cat "$single" && echo 'int main() {}'; } | "$compiler" "${flags[@]}" -fsyntax-only -x c++ - || die "it does not paste"

for program in "$source"/tests/static/*.cpp; do
    "$compiler" "${flags[@]}" "${instead[@]}" -fsyntax-only "$program" || die "$(basename "$program") does not compile"
done

"$compiler" "${flags[@]}" "-I$source/include" -o "$folder/separate" "$here/project/types.cpp"
"$compiler" "${flags[@]}" "${instead[@]}" -o "$folder/flat" "$here/project/types.cpp"
[ "$("$folder/flat")" = "$("$folder/separate")" ] || die "types.cpp prints something else"

for case in r302_norm_after_row_parallel s610_width_no_multiple_of_the_heads; do
    bash "$source/tests/fail/run_case.sh" "$compiler" "$source/tests/fail/$case.cpp" "$folder" "$folder/instead" "$@" \
        >"$folder/log" || { cat "$folder/log"; die "$case does not fail as it should"; }
done

# What cannot be flattened is refused, and leaves no file.
mkdir -p "$folder/tree/include/shardtype"
cp "$source/LICENSE" "$folder/tree"
refused() {  # refused CONTENT TEXT
    printf '%b\n' "$1" >"$folder/tree/include/shardtype/shardtype.hpp"
    ! sh "$source/cmake/flatten.sh" "$folder/tree" 0.0.0 "$folder/none.hpp" 2>"$folder/log" || die "flattened: $1"
    grep -qF -- "$2" "$folder/log" || { cat "$folder/log"; die "not told: $2"; }
    [ -z "$(find "$folder" -name 'none.hpp*')" ] || die "left a file for: $1"
}
refused '#include <shardtype/none.hpp>' "cannot read "
refused '#if 1\n#include <string>\n#endif' "an #include under an #if cannot be flattened"
refused '#include "none.hpp"' "only #include <...> can be flattened"
echo "$(wc -l <"$folder/made_of") headers, $(wc -c <"$single") bytes in one"
