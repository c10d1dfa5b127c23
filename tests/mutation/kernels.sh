#!/usr/bin/env bash
# usage: kernels.sh [--only WORD]
# M3: one fault at a time in a copy of a kernel; the kernel's own test must then fail. No type can see these.
# Environment: CXX (g++), SHARDTYPE_THRUST_INCLUDE (where Thrust is, if the compiler does not know).
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
only=""
case "${1:-}" in
    --help) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --only) only=$2 ;;
esac
compiler=${CXX:-g++}
thrust=${SHARDTYPE_THRUST_INCLUDE:-}
if [ -z "$thrust" ]; then
    for folder in /usr/local/cuda/include/cccl /usr/include/cccl; do
        if [ -z "$thrust" ] && [ -d "$folder/thrust" ]; then thrust=$folder; fi
    done
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

flags=(-std=c++20 -O1 -march=native -w -DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP
       -I"$root/tests" -I"$root/tests/kernels")
if [ -n "$thrust" ]; then flags+=(-isystem "$thrust"); fi
printf '#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN\n#include <doctest/doctest.h>\n' >"$folder/main.cpp"
"$compiler" "${flags[@]}" -c "$folder/main.cpp" -o "$folder/main.o"

# passes TEST INCLUDE: 0 it passes, 1 it fails, 2 it does not compile
passes() {
    "$compiler" "${flags[@]}" -I"$2" "$root/tests/$1.cpp" "$folder/main.o" -o "$folder/test" -ldnnl -lgomp -pthread \
        >"$folder/log" 2>&1 || return 2
    timeout 120 "$folder/test" >"$folder/log" 2>&1 || return 1
}

# test | header | text | what it becomes
mutants='
kernels/rms_norm | kernels/cpu/rms_norm.hpp | squares / static_cast<wide>(cols) + eps | squares / static_cast<wide>(cols + 1) + eps
kernels/rms_norm | kernels/cpu/rms_norm.hpp | scale * (a * b - c * mean) | scale * (a * b + c * mean)
kernels/rms_norm | kernels/cpu/rms_norm.hpp | dot * rstd[r] * rstd[r] / | dot * rstd[r] /
kernels/rms_norm | kernels/cpu/rms_norm.hpp | dw, !first, | dw, first,
kernels/rms_norm | kernels/cpu/vector_loop.hpp | old + f(x...) | f(x...)
kernels/layer_norm | kernels/cpu/layer_norm.hpp | batch(sum / n) | batch(sum)
kernels/layer_norm | kernels/cpu/layer_norm.hpp | cols - whole, mean | cols - whole
kernels/layer_norm | kernels/cpu/layer_norm.hpp | dot * s * s / n | dot * s / n
kernels/layer_norm | kernels/cpu/vector_loop.hpp | old + f(x...) | f(x...)
kernels/gelu | kernels/cpu/gelu.hpp | 0.21406444881780075 | 0.07135481627260025
kernels/gelu | kernels/cpu/gelu.hpp | twice_u < zero, e * r, r | twice_u < zero, r, e * r
kernels/bias | kernels/cpu/bias.hpp | dy + begin * cols, db | dy, db
kernels/bias | kernels/cpu/bias.hpp | x + r * cols, b | x + r * cols, x
kernels/swiglu | kernels/cpu/swiglu.hpp | one + g * (one - s) | one - g * (one - s)
kernels/swiglu | kernels/cpu/swiglu.hpp | {y}, gate, up | {y}, up, gate
kernels/swiglu | kernels/cpu/swiglu.hpp | {dgate, dup} | {dup, dgate}
kernels/attention | kernels/cpu/attention_forward.hpp | lane >= pack(static_cast<T>(j + b)) | lane > pack(static_cast<T>(j + b))
kernels/attention | kernels/cpu/attention_forward.hpp | h / group * s.head_dim | h % s.kv_heads * s.head_dim
kernels/attention | kernels/cpu/attention_forward.hpp | std::numbers::log2e / std::sqrt | std::numbers::log10e / std::sqrt
kernels/attention | kernels/cpu/attention_backward.hpp | s[a][b] = pack(-deltas[b]) | s[a][b] = pack(deltas[b])
kernels/attention | kernels/cpu/attention_backward.hpp | lane <= pack(static_cast<T>(i + b)) | lane < pack(static_cast<T>(i + b))
kernels/attention | kernels/cpu/attention_backward.hpp | sum_stride, T(1), add | sum_stride, T(1), false
kernels/cross_entropy | kernels/cpu/cross_entropy.hpp | share(picked)[0] - batch(scale) | share(picked)[0] + batch(scale)
kernels/cross_entropy | kernels/cpu/cross_entropy.hpp | long const target = targets[r] - first_col | long const target = targets[r]
kernels/cross_entropy | kernels/cpu/cross_entropy.hpp | static_cast<double>(*loss) + total : total | total : total
kernels/rotary | kernels/cpu/rotary.hpp | batch<T>(re * s + im * c) | batch<T>(im * c - re * s)
kernels/rotary | kernels/cpu/rotary.hpp | -2.0 * static_cast<double>(i) | -1.0 * static_cast<double>(i)
kernels/embedding | kernels/cpu/embedding.hpp | add(with, static_cast<wide const*>(dw + row * cols), dy | add(with, static_cast<wide const*>(dw), dy
kernels/embedding | kernels/cpu/embedding.hpp | row >= 0 && row < rows | row < rows
kernels/adamw | kernels/cpu/adamw.hpp | 1 - std::pow(p.beta2, steps) | 1 + std::pow(p.beta2, steps)
kernels/adamw | kernels/cpu/adamw.hpp | 1 - p.lr * p.weight_decay | 1 - p.weight_decay
kernels/gemm | kernels/cpu/gemm.hpp | {transposed ? 1 : columns, transposed ? rows : 1} | {transposed ? rows : columns, 1}
kernels/elementwise | kernels/cpu/elementwise.hpp | std::array<batch, 1>{x + y} | std::array<batch, 1>{x - y}
kernels/elementwise | kernels/cpu/elementwise.hpp | if (accumulate) return add | if (!accumulate) return add
kernels/elementwise | kernels/cpu/elementwise.hpp | src + (o * n + index) * block | src + (o + index) * block
kernels/elementwise | kernels/cpu/elementwise.hpp | row + index * block, block | row, block
kernels/elementwise | kernels/cpu/elementwise.hpp | dst + o * to + both, to - both | dst + o * to + both, 0 * both
kernels/elementwise | kernels/cpu/square_sum.hpp | accumulate ? *out : 0 | 0
kernels/elementwise | kernels/cpu/square_sum.hpp | scale < 1 ? scale : 1 | scale
comm/collectives | comm/thread/combine.hpp | for (int r = 1; r < inputs; ++r) a = apply<Op>(a, static_cast<wide_t<T>>(sources[r][i])) | for (int r = 2; r < inputs; ++r) a = apply<Op>(a, static_cast<wide_t<T>>(sources[r][i]))
comm/collectives | comm/thread/combine.hpp | for (int r = 1; r < inputs; ++r) a = apply<Op>(a, simd::load(sources[r] + i)) | for (int r = 2; r < inputs; ++r) a = apply<Op>(a, simd::load(sources[r] + i))
comm/collectives | comm/thread/combine.hpp | simd::store(simd::load(target) + sum, target) | simd::store(sum, target)
comm/collectives | comm/thread/communicator.hpp | least(slice * rank_, count) | least(slice, count)
comm/collectives | comm/thread/communicator.hpp | target + (o * size_ + r) * block, block | target + (o + r) * block, block
comm/collectives | comm/thread/communicator.hpp | source_of<T>(now, r) + (o * size_ + rank_) * block | source_of<T>(now, r) + (o + rank_) * block
comm/collectives | comm/thread/communicator.hpp | target + (o * inner * size_ + r) * shapes.block | target + (o * size_ + r) * shapes.block
'

trim() { sed -E 's/^[[:space:]]+|[[:space:]]+$//g' <<<"$1"; }
declare -A sound
killed=0 all=0 stale=0 wrong=0
while IFS='|' read -r test header from to; do
    [ -n "$test" ] || continue
    test=$(trim "$test") header=$(trim "$header") from=$(trim "$from") to=$(trim "$to")
    if [ -n "$only" ] && [[ $test != *"$only"* ]]; then continue; fi
    if [ -z "${sound[$test]:-}" ]; then
        passes "$test" "$root/include" || { cat "$folder/log"; echo "kernels.sh: $test does not pass without a fault"; exit 1; }
        sound[$test]=yes
    fi
    rm -rf "$folder/include"
    cp -r "$root/include" "$folder/include"
    file=$folder/include/shardtype/$header text=$(cat "$folder/include/shardtype/$header")
    if [[ $text != *"$from"* ]]; then
        echo "kernels.sh: $header has no longer: $from"
        stale=$((stale + 1)) wrong=1
        continue
    fi
    all=$((all + 1))
    printf '%s\n' "${text/"$from"/"$to"}" >"$file"
    status=0
    passes "$test" "$folder/include" || status=$?
    case $status in
        0) echo "SURVIVES $test: $header: $from  ->  $to"; wrong=1 ;;
        1) killed=$((killed + 1)); echo "killed by $test: $header: $from  ->  $to" ;;
        *) cat "$folder/log"; echo "kernels.sh: not well formed: $header: $to"; wrong=1 ;;
    esac
done < <(printf '%s' "$mutants")
echo "M3, kernels: $all mutants, $killed killed by their tests, $((all - killed)) surviving, $stale no longer in the code"
exit "$wrong"
