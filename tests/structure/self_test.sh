#!/usr/bin/env bash
# usage: self_test.sh COMPILER
# Do the checks of this folder fail when they should? Each runs on a small tree that breaks one rule.
set -euo pipefail
compiler=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0 checks=0

# tree FILE LINE...: a fresh include root with a good tree and one further file
tree() {
    rm -rf "$folder/include"
    mkdir -p "$folder/include/shardtype"/{base,rules,kernels,train}
    printf '#pragma once\n' >"$folder/include/shardtype/base/good.hpp"
    printf '#pragma once\n#include <shardtype/base/good.hpp>\n#include <memory>\n' >"$folder/include/shardtype/kernels/good.hpp"
    mkdir -p "$(dirname "$folder/include/$1")"
    printf '%s\n' "${@:2}" >"$folder/include/$1"
}

# expect EXIT_CODE TEXT COMMAND...
expect() {
    local status=0 output
    output=$("${@:3}" 2>&1) || status=$?
    checks=$((checks + 1))
    if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" <<<"$output"; then
        echo "wanted exit code $1 and '$2', got $status and: $output"
        failures=$((failures + 1))
    fi
}

includes() { expect "$1" "$2" bash "$here/check_includes.sh" "$folder/include"; }
tree shardtype/train/x.hpp '#include <shardtype/kernels/good.hpp>' '#include <chrono>' '// #include <shardtype/none/x.hpp>'
includes 0 'includes run one way'
tree shardtype/rules/x.hpp '#include <shardtype/kernels/good.hpp>'
includes 1 'rules/x.hpp: includes <shardtype/kernels/good.hpp>, a later layer'
tree shardtype/rules/x.hpp '#  include <functional>'
includes 1 'too heavy'
tree shardtype/base/x.hpp '#include <oneapi/dnnl/dnnl.h>'
includes 1 'too heavy'
tree shardtype/base/x.hpp '#include <thrust/for_each.h>'
includes 1 'too heavy'
tree shardtype/kernels/x.hpp '#include <xsimd/xsimd.hpp>'
includes 1 'include the header xsimd.hpp of this library'
tree shardtype/kernels/xsimd.hpp '#include <xsimd/xsimd.hpp>'
includes 0 'includes run one way'
tree shardtype/rules/xsimd.hpp '#include <xsimd/xsimd.hpp>'
includes 1 'too heavy'
tree shardtype/rules/x.hpp '#include "../kernels/good.hpp"'
includes 1 'write <shardtype/layer/...>'
tree shardtype/rules/x.hpp '#include <shardtype/shardtype.hpp>'
includes 1 'the umbrella'
tree shardtype/shardtype.hpp '#include <shardtype/kernels/good.hpp>'
includes 1 'a later layer'
tree shardtype/kernels/cuda/x.hpp '#include <cuda_runtime.h>' '#include <shardtype/kernels/cuda/scratch.hpp>'
includes 0 'includes run one way'
tree shardtype/train/cuda.hpp '#include <shardtype/kernels/cuda/x.hpp>'
includes 0 'includes run one way'
tree shardtype/train/x.hpp '#include <shardtype/kernels/cuda/gemm_scratch.hpp>'
includes 0 'includes run one way'
tree shardtype/train/x.hpp '#include <shardtype/kernels/cuda/gemm.hpp>'
includes 1 'only a folder cuda, nccl or shared_gpu does'
tree shardtype/kernels/x.hpp '#include <nccl.h>'
includes 1 'which needs CUDA'
tree shardtype/kernels/cuda/gemm_scratch.hpp '#include <cublasLt.h>'
includes 1 'which needs CUDA'
tree shardtype/rules/cuda/x.hpp '#include <cuda_runtime.h>'
includes 1 'too heavy'
tree shardtype/extra/x.hpp '#pragma once'
includes 1 'is in no layer'

length() { expect "$1" "$2" bash "$here/check_header_length.sh" "$folder/include"; }
mapfile -t lines < <(seq 401)
tree shardtype/base/x.hpp "${lines[@]:0:250}"
length 0 ''
tree shardtype/base/x.hpp "${lines[@]:0:400}"
length 0 'warning'
tree shardtype/base/x.hpp "${lines[@]}"
length 1 'too long'

alone() { expect "$1" "$2" bash "$here/check_alone.sh" "$compiler" shardtype/base/x.hpp "$folder/include"; }
tree shardtype/base/x.hpp '#pragma once' 'struct x { int a; };'
alone 0 ''
tree shardtype/base/x.hpp 'struct x;'
alone 1 'no #pragma once'
tree shardtype/base/x.hpp '#pragma once' 'struct x { std::size_t a; };'
alone 1 'std'
tree shardtype/base/x.hpp '#pragma once' 'inline int f(long a) { return a; }'
alone 1 'conversion'

paths() { expect "$1" "$2" bash "$here/check_paths.sh" "$folder/include"; }
tree shardtype/base/x.hpp '// see https://example.org/work/x and build/tmp/y'
paths 0 'name no path'
for top in work tmp home; do
    tree shardtype/base/x.hpp "auto path = \"/$top/data\";"
    paths 1 'name a path of one machine'
done

cost() { expect "$1" "$2" bash "$here/check_include_cost.sh" "$compiler" "$3" "$folder/include"; }
tree shardtype/shardtype.hpp '#pragma once'
cost 0 'neither Thrust' 5
cost 1 'limit 0 s' 0
tree shardtype/shardtype.hpp '#include <xsimd/xsimd.hpp>'
mkdir -p "$folder/include/xsimd"
touch "$folder/include/xsimd/xsimd.hpp"
cost 1 'run-time layers only' 5

expect 77 'skipped: nvcc' bash "$here/check_cuda.sh" no-such-nvcc shardtype/shardtype.hpp "$folder/include"

[ "$failures" -eq 0 ] || exit 1
echo "$checks checks of the checks hold"
