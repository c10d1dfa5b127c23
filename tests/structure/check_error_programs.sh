#!/usr/bin/env bash
# usage: check_error_programs.sh COMPILER REPOSITORY INCLUDE_DIR...
# Every program of docs/errors.md: with its `// wrong` lines the compiler prints the section's number and one error,
# with its `// right` lines it compiles.
set -euo pipefail
export LC_ALL=C
compiler=$1 errors=$2/docs/errors.md
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The first program is the common head; the last one before S603 is the job; the others belong to their section.
awk -v to="$folder" '
    /^## [A-Z][0-9][0-9][0-9]$/ { section = $2 }
    /^```/ { inside = /^```cpp/; if (inside) { n++; name = section == "" ? "head" : done[section]++ ? "job" : section }; next }
    inside { print > (to "/" name ".txt") }
' "$errors"

programs=0 wrong=0
for text in "$folder"/[A-Z][0-9]*.txt; do
    number=$(basename "$text" .txt)
    for keep in wrong right; do
        [ "$keep" = wrong ] && drop=right || drop=wrong
        body=$(grep -v "// $drop" "$text")
        program=$folder/$number.$keep.cpp
        cat "$folder/head.txt" >"$program"
        if [[ $number > S602 ]]; then
            members=$(grep -E '^using (strategy|model|element|compute) ' <<<"$body" || true)
            grep -vE '^using (strategy|model|element|compute) ' <<<"$body" >>"$program" || true
            grep -q 'using layers' <<<"$body" || echo 'using layers = chain<>;' >>"$program"
            while IFS= read -r line; do
                member=$(sed -nE 's|^ +using ([a-z]+) .*|\1|p' <<<"$line")
                if [ -n "$member" ] && grep -q "^using $member " <<<"$members"; then continue; fi
                printf '%s\n' "$line"
                if [[ $line == struct* ]]; then printf '%s\n' "$members"; fi
            done <"$folder/job.txt" >>"$program"
        else
            printf '%s\n' "$body" >>"$program"
        fi
        status=0
        said=$("$compiler" -std=c++20 -fsyntax-only "${@/#/-I}" "$program" 2>&1) || status=$?
        programs=$((programs + 1))
        if [ "$keep" = right ]; then
            [ "$status" -eq 0 ] || { echo "$number: its right program does not compile: $said"; wrong=1; }
        elif [ "$status" -eq 0 ] || [[ $said != *"[ST-$number]"* ]] || [ "$(grep -c 'error: ' <<<"$said")" -ne 1 ]; then
            echo "$number: its wrong program does not give that one error: $said"
            wrong=1
        fi
    done
done
echo "$programs programs of docs/errors.md"
[ "$programs" -gt 60 ] && exit "$wrong"
exit 1
