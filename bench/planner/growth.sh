#!/usr/bin/env bash
# usage: bash bench/planner/growth.sh [--write] [--quick] [COMPILER...]   default: those of g++-12, clang++-19, nvcc that are there
# What st::plan<Job> adds to a compile, over its headers: user seconds, the least of 3 in turns, as a table in markdown; with
# --write into docs/planner.md (between its lines growth begin and growth end) and docs/figures/growth.svg. Run nothing beside it: about a quarter of an hour.
#   --quick   each once, and only the models
#   --svg FILE, --save FILE   the plot; the table's lines
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rounds=3 write='' svg='' save='' quick='' compilers=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit ;;
        --write) write=yes svg=docs/figures/growth.svg && shift ;;
        --quick) quick=yes rounds=1 && shift ;;
        --svg) svg=$2 && shift 2 ;;
        --save) save=$2 && shift 2 ;;
        -*) echo "error: there is no option $1; see --help" >&2 && exit 2 ;;
        *) compilers+=("$1") && shift ;;
    esac
done
[ ${#compilers[@]} -gt 0 ] || for c in g++-12 clang++-19 nvcc; do
    if command -v "$c" >/dev/null; then compilers+=("$c"); else echo "skipped: $c is not installed" >&2; fi
done
if [ -n "$write" ] && ! grep -q '^<!-- growth begin -->' docs/planner.md; then
    echo "error: docs/planner.md has no lines <!-- growth begin --> and <!-- growth end -->" >&2 && exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=bench/planner/growth.cpp

# sweep, x, model, layers, axes (4: torchtitan's names), roles, more
points=("8B 32 llama3_8b 32 2 5" "70B 80 llama3_70b 80 4 5" "405B 126 llama3_405b 126 4 5 -DLARGE"
    "own 126 llama3_405b 126 3 5")
if [ -z "$quick" ]; then
    for n in 8 32 80 126; do points+=("layers $n llama3_8b $n 2 5"); done
    for n in 2 3 4 5 6; do points+=("roles $n llama3_8b 32 2 $n"); done
    for n in 1 2 3; do points+=("axes $n llama3_8b 32 $n 5"); done
    points+=("named 3 llama3_8b 32 4 5")
fi

# compile COMPILER ARGUMENT...: user seconds, or "fails"
compile() {
    local compiler=$1
    shift
    case $(basename "$compiler") in
        nvcc*) set -- -x cu -cuda -o "$work/out" "$@" ;;
        *) set -- -fsyntax-only "$@" ;;
    esac
    if CCACHE_DISABLE=1 /usr/bin/time -o "$work/time" -f %U "$compiler" -std=c++20 -Iinclude "$@" "$source" >"$work/log" 2>&1; then
        tail -n 1 "$work/time"
    else
        head -n 3 "$work/log" >&2
        echo fails
    fi
}

while read -r -a p; do  # budgets, once
    flags=("-DMODEL=${p[2]}" "-DLAYERS=${p[3]}" "-DAXES=${p[4]}" "-DROLES=${p[5]}" "${p[@]:6}")
    g++ -std=c++20 -O1 -Iinclude -DBUDGETS -DMEMORY=1L "${flags[@]}" "$source" -o "$work/budgets"
    read -r loose tight <<<"$("$work/budgets")"
    echo "${p[0]} ${p[1]} loose -DMEMORY=${loose}L ${flags[*]}" >>"$work/jobs"
    echo "${p[0]} ${p[1]} tight -DMEMORY=${tight}L ${flags[*]}" >>"$work/jobs"
done < <(printf '%s\n' "${points[@]}")

for ((round = 0; round < rounds; ++round)); do
    while read -r sweep x budget flags; do
        for compiler in "${compilers[@]}"; do
            name=$(basename "$compiler")
            # shellcheck disable=SC2086
            [ "$budget" = tight ] || echo "$name $sweep $x $budget alone $(compile "$compiler" $flags)" >>"$work/times"
            # shellcheck disable=SC2086
            echo "$name $sweep $x $budget plan $(compile "$compiler" $flags -DPLAN)" >>"$work/times"
        done
    done <"$work/jobs"
    echo "round $((round + 1)) of $rounds" >&2
done

# the least of the rounds; the headers' of all rows of a compiler and sweep point
awk '{ key = $1 " " $2 " " $3 " " $4
       if (!(key in seen)) { seen[key] = 1; order[++n] = key }
       if ($6 == "fails") { bad[key] = 1; next }
       k = $5 == "alone" ? $1 " " $2 " " $3 : key
       if (!((k, $5) in least) || $6 < least[k, $5]) least[k, $5] = $6 }
     END { for (i = 1; i <= n; ++i) { split(order[i], f, " ")
            if (order[i] in bad) { print f[1], f[2], f[4], f[3], "fails", "-"; continue }
            a = least[f[1] " " f[2] " " f[3], "alone"]
            printf "%s %s %s %s %.2f %.2f\n", f[1], f[2], f[4], f[3], least[order[i], "plan"] - a, a } }' "$work/times" >"$work/lines"
if [ -n "$save" ]; then cp "$work/lines" "$save"; fi

{
    printf '| | at |'
    for c in "${compilers[@]}"; do printf ' %s: loose | tight |' "$(basename "$c")"; done
    printf '\n|---|---|'
    for c in "${compilers[@]}"; do printf -- '---|---|'; done
    printf '\n'
    while read -r -a p; do
        case ${p[0]} in
            8B) printf '| Llama 3 8B, mesh 8 x 8 | %s layers |' "${p[1]}" ;;
            70B) printf '| Llama 3 70B, dp_replicate 4, dp_shard 8, tp 8 | %s layers |' "${p[1]}" ;;
            405B) printf '| Llama 3 405B, dp_replicate 2, dp_shard 16, tp 8 | %s layers |' "${p[1]}" ;;
            own) printf '| Llama 3 405B, three axes of the user, 4 x 8 x 8 | %s layers |' "${p[1]}" ;;
            named) printf '| 8B, 32 layers: axes | torchtitan'"'"'s 3 |' ;;
            *) printf '| 8B, %s | %s |' "${p[0]}" "${p[1]}" ;;
        esac
        for c in "${compilers[@]}"; do
            for budget in loose tight; do
                awk -v c="$(basename "$c")" -v s="${p[0]}" -v x="${p[1]}" -v b="$budget" \
                    '$1 == c && $2 == s && $3 == b && $4 == x { printf " %s |", $5 }' "$work/lines"
            done
        done
        printf '\n'
    done < <(printf '%s\n' "${points[@]}")
    printf '\nThe headers alone, user seconds:'
    for c in "${compilers[@]}"; do
        printf ' %s %s' "$(basename "$c")" "$(awk -v c="$(basename "$c")" '$1 == c && $6 != "-" { if (m == "" || $6 < m) m = $6 } END { print m }' "$work/lines")"
    done
    printf '.\n'
} >"$work/table"
cat "$work/table"
if [ -n "$svg" ] && [ -z "$quick" ]; then
    mkdir -p "$(dirname "$svg")"
    g++ -std=c++20 -O1 -DPLOT "$source" -o "$work/plot"
    "$work/plot" "$svg" <"$work/lines"
fi
if [ -n "$write" ]; then
    awk -v table="$work/table" '/^<!-- growth begin -->/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skip = 1 }
        /^<!-- growth end -->/ { skip = 0 } !skip && !/^<!-- growth begin -->/' docs/planner.md >"$work/page"
    cat "$work/page" >docs/planner.md
fi
