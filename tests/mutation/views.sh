#!/usr/bin/env bash
# usage: views.sh
# M1 on a trainer of one's own: one change at a time of the views and their collectives in example 08. The compiler must
# refuse it, or the example's comparison with one rank must fail. What is expected of each change stands beside it.
set -euo pipefail
export LC_ALL=C
case "${1:-}" in
    --help) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
compiler=${CXX:-g++}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags=(-std=c++20 -O0 -march=native -w -I"$root/include")
text=$(cat "$root/examples/08_own_trainer.cpp")

# judge SOURCE: 0 right, 1 wrong numbers, 2 refused
judge() {
    "$compiler" "${flags[@]}" "$1" -o "$folder/trainer" -pthread >"$folder/log" 2>&1 || return 2
    timeout 60 "$folder/trainer" >"$folder/log" 2>&1 || return 1
}

# What is expected: a number, `types` (a view of another tensor than a function takes), or `numbers`: no type sees it.
# expected ~ text ~ what it becomes
changes='
C407 ~ to_invariant>(std::move(y)); ~ to_invariant>(y);
C407 ~ std::move(dw1) ~ dw1
C407 ~ std::move(dw2) ~ dw2
C401 ~ return z; ~ return st::all_reduce<tp, st::to_invariant>(z);
C401 ~ auto const z = st::all_reduce<tp, ~ auto const z = st::all_reduce<dp,
C401 ~ st::view<summand>(b.y, ranks) ~ st::view<activation>(b.y, ranks)
C405 ~ st::all_reduce<tp, st::to_invariant>(std::move(y)) ~ st::all_gather<dp, st::to_invariant>(std::move(y))
G501 ~ redistribute_backward<summand, activation>(z) ~ redistribute_backward<activation, summand>(z)
G501 ~ redistribute_backward<activation, used>(st::view ~ redistribute_backward<used, activation>(st::view
G501 ~ st::view<st::gradient_t<used_1>>(b.dw1 ~ st::view<st::gradient_t<weight_1>>(b.dw1
G501 ~ st::redistribute_backward<weight_1, used_1>(std::move(dw1)) ~ st::redistribute_backward<weight_1, used_1>(std::move(dw2))
types ~ st::redistribute_backward<weight_1, used_1>(std::move(dw1)) ~ dw1
types ~ st::redistribute_backward<weight_1, used_1>(std::move(dw1)) ~ st::redistribute_backward<weight_2, used_2>(std::move(dw2))
types ~ st::redistribute_backward<weight_2, used_2>(std::move(dw2)) ~ dw2
C401 ~ *st::all_reduce<dp, st::to_invariant>(st::view<loss ~ *st::all_reduce<tp, st::to_invariant>(st::view<loss
C401 ~ real<st::shape<1>, st::partial<dp>> ~ real<st::shape<1>, st::partial<tp>>
G501 ~ gradient_t<used>>(b.dx, ranks)); ~ gradient_t<activation>>(b.dx, ranks));
numbers ~ auto const z = st::all_reduce<tp, st::to_invariant>(std::move(y)); ~ auto const z = y;
numbers ~ auto const z = st::all_reduce<tp, ~ st::all_reduce<tp, st::to_invariant>(std::move(y)); auto const z = st::all_reduce<tp,
numbers ~ *st::all_reduce<dp, st::to_invariant>(st::view<loss_summand>(&loss, ranks)).data() ~ loss
'

trim() { sed -E 's/^[[:space:]]+|[[:space:]]+$//g' <<<"$1"; }
judge "$root/examples/08_own_trainer.cpp" || { cat "$folder/log"; echo "views.sh: wrong without a change"; exit 1; }
all=0 refused=0 killed=0 wrong=0
while IFS='~' read -r expected from to; do
    expected=$(trim "$expected")
    [ -n "$expected" ] || continue
    from=$(trim "$from") to=$(trim "$to")
    all=$((all + 1))
    if [[ $text != *"$from"* ]]; then
        echo "views.sh: the example has no longer: $from"
        wrong=1
        continue
    fi
    printf '%s\n' "${text/"$from"/"$to"}" >"$folder/changed.cpp"
    status=0
    judge "$folder/changed.cpp" || status=$?
    case $status in
        0) found=survives ;;
        1) found=numbers killed=$((killed + 1)) ;;
        *) found=$(grep -oE -m1 '\[ST-[A-Z][0-9]+\]' "$folder/log" | tr -d '[]' | cut -c4- || echo types) refused=$((refused + 1)) ;;
    esac
    if [ "$found" != "$expected" ]; then wrong=1 found="$found, expected $expected"; fi
    echo "$found: $from  ->  $to"
done < <(printf '%s' "$changes")
echo "M1, views: $all changes, $refused refused, $killed only by numbers, $((all - refused - killed)) surviving"
exit "$wrong"
