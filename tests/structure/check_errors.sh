#!/usr/bin/env bash
# usage: check_errors.sh [REPOSITORY]
# The numbers in base/code.hpp, in the check structs, in docs/errors.md and in tests/fail are one set.
set -euo pipefail
export LC_ALL=C
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

# Raised only for a lowering of the user's own, by the schedule's tests: no fail case. Remove a number when it gets one.
# J716 to J719 are of configuration files: tests/config has their cases.
without_case="C403 S606 S607 J716 J717 J718 J719"

fail=0
say() { echo "check_errors: $*"; fail=1; }
lines() { tr ' ' '\n' <<<"$1" | sed '/^$/d' | sort -u; }
compare() { # compare NAME WANTED FOUND
    local missing extra
    missing=$(comm -23 <(lines "$2") <(lines "$3") | paste -sd' ')
    extra=$(comm -13 <(lines "$2") <(lines "$3") | paste -sd' ')
    [ -z "$missing" ] || say "$1 lacks: $missing"
    [ -z "$extra" ] || say "$1 has, and base/code.hpp does not: $extra"
}

code=$(grep -oE '// [MPTRCGSJ][0-9]{3}$' include/shardtype/base/code.hpp | cut -c4- | paste -sd' ')
[ -n "$code" ] || { echo "check_errors: no numbers in base/code.hpp"; exit 1; }
twice=$(tr ' ' '\n' <<<"$code" | sort | uniq -d | paste -sd' ')
[ -z "$twice" ] || say "base/code.hpp has twice: $twice"
enumerators=$(grep -cE '^    [a-z_]+,' include/shardtype/base/code.hpp)
[ "$((enumerators - 1))" -eq "$(lines "$code" | wc -l)" ] || say "an enumerator of base/code.hpp has no number"

with_case=$(comm -23 <(lines "$code") <(lines "$without_case") | paste -sd' ')

structs=$(cat include/shardtype/*/*.hpp | tr -d '\n ' | grep -oE 'structST_[A-Z][0-9]{3}|SHARDTYPE_CHECK\([A-Z][0-9]{3}' | grep -oE '[A-Z][0-9]{3}$' | paste -sd' ')
raised=$(comm -12 <(lines "$without_case") <(lines "$structs") | paste -sd' ')
compare "the set of check structs" "$with_case $raised" "$structs"
compare "docs/errors.md" "$code" "$(grep -oE '^## [A-Z][0-9]{3}' docs/errors.md | cut -c4- | paste -sd' ')"

cases=""
for file in tests/fail/*.cpp; do
    name=$(basename "$file")
    number=$(sed -nE 's/^([mptrcgsj][0-9]{3})_[a-z0-9_]+\.cpp$/\1/p' <<<"$name" | tr a-z A-Z)
    [ -n "$number" ] || { say "$name is not named <number>_<what>.cpp"; continue; }
    grep -qF "// expect: [ST-$number]" "$file" || say "$name does not expect [ST-$number]"
    cases+=" $number"
done
covered=$(comm -12 <(lines "$without_case") <(lines "$cases") | paste -sd' ')
[ -z "$covered" ] || say "has a case now, take it off the list without_case: $covered"
compare "tests/fail" "$with_case" "$cases"

[ "$fail" -eq 0 ] && echo "check_errors: $(lines "$code" | wc -l) numbers, $(lines "$with_case" | wc -l) with fail cases"
exit "$fail"
