#!/usr/bin/env bash
# usage: lowering.sh
# M2 on the library's source: one fault at a time in a copy of the lowering that derives backward and the optimizer's
# reductions. The compiler must refuse to lower a Llama with it, or a test must fail.
set -euo pipefail
export LC_ALL=C
case "${1:-}" in
    --help) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
compiler=${CXX:-g++}
thrust=${SHARDTYPE_THRUST_INCLUDE:-}
if [ -z "$thrust" ]; then
    for folder in /usr/local/cuda/include/cccl /usr/include/cccl; do
        if [ -z "$thrust" ] && [ -d "$folder/thrust" ]; then thrust=$folder; fi
    done
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags=(-std=c++20 -O0 -march=native -w -DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP)
if [ -n "$thrust" ]; then flags+=(-isystem "$thrust"); fi

# judge INCLUDE: 0 right, 1 wrong numbers, 2 refused with a number, 3 not well formed
judge() {
    if ! "$compiler" "${flags[@]}" -I"$1" -fsyntax-only "$root/tests/mutation/lowered_llama.cpp" >"$folder/log" 2>&1; then
        if grep -q '\[ST-' "$folder/log"; then return 2; fi
        return 3
    fi
    "$compiler" "${flags[@]}" -I"$1" "$root/tests/mutation/lowered_llama.cpp" -o "$folder/llama" -ldnnl -lgomp -pthread \
        >"$folder/log" 2>&1 || return 3
    timeout 120 "$folder/llama" >"$folder/log" 2>&1 || return 1
}

# header ~ text ~ what it becomes
mutants='
lower_operations.hpp ~ l.contribute(n.in[1], t); ~
lower_operations.hpp ~ l.contribute(n.in[0], t); ~ l.contribute(n.in[0], t); l.contribute(n.in[0], t);
lower_operations.hpp ~ l.contribute(n.in[1], w); ~
lower_operations.hpp ~ l.contribute(n.in[0], x); ~ l.contribute(n.in[1], x);
lower_operations.hpp ~ l.contribute(n.in[1], up); ~ l.contribute(n.in[0], up);
lower_operations.hpp ~ l.share_gradient(n.in[1], l.grad[n.out]); ~
lower_operations.hpp ~ l.share_gradient(n.in[0], l.grad[n.out]); ~ l.share_gradient(n.in[1], l.grad[n.out]);
lower_attention.hpp ~ for (int i = 0; i < 3; ++i) l.contribute ~ for (int i = 0; i < 2; ++i) l.contribute
lower_loss.hpp ~ l.contribute(n.in[0], t); ~
lower_loop.hpp ~ l.share_gradient(n.in[0], carried); ~
lower_redistribution.hpp ~ dual(l.lay(n.out)), to = dual(l.lay(x)) ~ l.lay(n.out), to = l.lay(x)
lower_redistribution.hpp ~ dual(path.path[i].from), true ~ dual(path.path[i].to), true
lower_redistribution.hpp ~ layout now = dual(p.is.used) ~ layout now = p.is.used
lower_redistribution.hpp ~ back.by == collective::none || ~ back.by == collective::none || back.by == collective::all_reduce ||
lower_redistribution.hpp ~ l.share_gradient(x, dy); ~ l.share_gradient(x, dy); l.share_gradient(x, dy);
lower_optimizer.hpp ~ l.lay(l.g.loss).on[a].is == kind::partial ~ l.lay(l.g.loss).on[a].is == kind::shard
lower_optimizer.hpp ~ if (((group >> a) & 1U) != 0) { ~ if (((group >> a) & 1U) == 0) {
lower_optimizer.hpp ~ p.is.stored.on[a].is == kind::shard && ~ p.is.used.on[a].is == kind::shard &&
lower_optimizer.hpp ~ b.parameters[k].group != group) ~ b.parameters[k].group != group || k == 1)
'

trim() { sed -E 's/^[[:space:]]+|[[:space:]]+$//g' <<<"$1"; }
judge "$root/include" || { cat "$folder/log"; echo "lowering.sh: wrong without a fault"; exit 1; }
all=0 refused=0 killed=0 wrong=0
while IFS='~' read -r header from to; do
    header=$(trim "$header")
    [ -n "$header" ] || continue
    from=$(trim "$from") to=$(trim "$to")
    all=$((all + 1))
    rm -rf "$folder/include"
    cp -r "$root/include" "$folder/include"
    file=$folder/include/shardtype/schedule/$header text=$(cat "$folder/include/shardtype/schedule/$header")
    if [[ $text != *"$from"* ]]; then
        echo "lowering.sh: $header has no longer: $from"
        wrong=1
        continue
    fi
    printf '%s\n' "${text/"$from"/"$to"}" >"$file"
    status=0
    judge "$folder/include" || status=$?
    case $status in
        0) echo "SURVIVES $header: $from  ->  $to"; wrong=1 ;;
        1) killed=$((killed + 1)); echo "compiles, wrong numbers: $header: $from  ->  $to" ;;
        2) refused=$((refused + 1)); echo "refused $(grep -oE -m1 '\[ST-[A-Z][0-9]+\]' "$folder/log"): $header: $from  ->  $to" ;;
        *) cat "$folder/log"; echo "lowering.sh: not well formed: $header: $to"; wrong=1 ;;
    esac
done < <(printf '%s' "$mutants")
echo "M2, the lowering's source: $all mutants, $refused refused by its own checks, $killed only by numbers, $((all - refused - killed)) surviving"
exit "$wrong"
