#!/usr/bin/env bash
# usage: check_scripts.sh
# Do tests/gpu.sh and tests/nvcc.sh tell what happened? With a toolkit made of shell scripts: its nvcc "compiles" at once, and
# its programs pass, fail, skip or hang as BEHAVIOUR says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0 checks=0
mkdir -p "$folder"/cuda/{bin,include,lib} "$folder/bin"
touch "$folder"/cuda/include/{cuda_runtime,cublasLt,nccl}.h "$folder"/cuda/lib/lib{cudart,cublasLt,nccl}.so
cat >"$folder/cuda/bin/nvcc" <<'NVCC'
#!/usr/bin/env bash
if [ "$1" = --version ]; then echo "Cuda compilation tools, release 13.9, V13.9.9" && exit; fi
arguments=("$@") out= compile=
while [ $# -gt 0 ]; do
    case $1 in
        -o) out=$2 && shift ;;
        -c) compile=yes ;;
    esac
    shift
done
name=$(basename "$out" .o)
if [ -n "$compile" ]; then
    if [ "$name" = "${BROKEN:-}" ]; then echo "$name.cpp(3): error: this is no C++" >&2 && exit 2; fi
    touch "$out"
else
    cat >"$out" <<PROGRAM
#!/usr/bin/env bash
case "\${BEHAVIOUR:-}" in
    *" $name=fails "*) echo "ERROR: CHECK( 1 == 2 ) is NOT correct!" && exit 1 ;;
    *" $name=hangs "*) sleep 100 ;;
    *" $name=passes "*) echo '| \`row\` | 1 | 1 | 1 GB/s | 1 | 100 % | of it |' && exit 0 ;;
    *" $name=talks "*) echo one; echo "no CUDA device"; exit 77 ;;
esac
echo "skipped: no CUDA device: none here"
exit 77
PROGRAM
    chmod +x "$out"
fi
NVCC
chmod +x "$folder/cuda/bin/nvcc"
export PATH=$folder/cuda/bin:$PATH SHARDTYPE_BUILD_DIR=$folder/build SHARDTYPE_JOBS=4 CUDA_HOME=$folder/cuda
unset CUDNN_ROOT CUDNN_HOME NCCL_HOME NCCL_ROOT SHARDTYPE_DEPS OUT

# expect EXIT_CODE TEXT COMMAND...
expect() {
    local status=0 output
    output=$("${@:3}" 2>&1) || status=$?
    checks=$((checks + 1))
    if [ "$status" -ne "$1" ] || ! grep -qE -- "$2" <<<"$output"; then
        echo "wanted exit code $1 and '$2' of ${*:3}, got $status and: $output"
        failures=$((failures + 1))
    fi
}

expect 0 'usage: bash tests/gpu.sh' bash tests/gpu.sh --help
expect 2 'there is no step nothing' bash tests/gpu.sh nothing
expect 2 "SHARDTYPE_GPU_SECONDS is 'x'" env SHARDTYPE_GPU_SECONDS=x bash tests/gpu.sh
expect 2 'not found: .*--pack third_party' env CXX=false bash tests/gpu.sh --dry-run
expect 0 'bench_gpu_matmul \(bench/gpu/matmul.cpp\)' bash tests/gpu.sh --dry-run
expect 77 '^tests/gpu.sh: 1 passed, 0 failed, [0-9]+ skipped' bash tests/gpu.sh kernels
expect 1 'failed +[0-9]+ s  cuda_gemm: exit code 1: ERROR: CHECK' env BEHAVIOUR=' cuda_gemm=fails ' bash tests/gpu.sh kernels
expect 1 'failed +[0-9]+ s  build cuda_gemm: cuda_gemm.cpp\(3\): error: this is no C\+\+' \
    env BROKEN=cuda_gemm bash tests/gpu.sh kernels
expect 1 'failed +[0-9]+ s  cuda_gemm: cut off after' \
    env SHARDTYPE_GPU_STEP_SECONDS=3 BEHAVIOUR=' cuda_gemm=hangs ' bash tests/gpu.sh kernels
expect 77 'skipped +[0-9]+ s  cuda_gemm: (cut off: )?no time left' \
    env SHARDTYPE_GPU_SECONDS=8 BEHAVIOUR=' cuda_gemm=hangs ' bash tests/gpu.sh kernels
expect 0 '1 failed|passed +[0-9]+ s  bench_gpu_matmul' env OUT="$folder/out" BEHAVIOUR=' bench_gpu_matmul=passes ' \
    bash tests/gpu.sh bench
expect 0 '^\| `row`' cat "$folder/out/table.md"
expect 0 '^tests/gpu.sh: ' tail -n 1 "$folder/out/summary.txt"

expect 0 '^cuda_gemm$' bash tests/nvcc.sh --list
expect 1 'there is no program nothing' bash tests/nvcc.sh nothing
expect 0 '1 programs, 0 failed' bash tests/nvcc.sh cuda_gemm
expect 1 'does not compile: cuda_gemm.cpp\(3\): error' env BROKEN=cuda_gemm bash tests/nvcc.sh cuda_gemm
expect 1 'without a device: exit code 0' env BEHAVIOUR=' cuda_gemm=passes ' bash tests/nvcc.sh cuda_gemm
expect 1 'without a device: exit code 77 and: one no CUDA' env BEHAVIOUR=' cuda_gemm=talks ' bash tests/nvcc.sh cuda_gemm
if [ -x /usr/bin/time ] || command -v python3 >/dev/null; then
    expect 1 'takes more than 1 MiB' env SHARDTYPE_NVCC_MIB=1 bash tests/nvcc.sh cuda_gemm
fi

[ "$failures" -eq 0 ] || exit 1
echo "$checks checks of the commands hold"
