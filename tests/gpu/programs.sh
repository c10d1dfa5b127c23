# Sourced by tests/nvcc.sh and tests/gpu.sh: which programs there are of CUDA, and how plain nvcc builds them. No CMake,
# since a machine with a GPU may have none. tests/gpu/CMakeLists.txt finds the same files by the same patterns.
# shellcheck shell=bash disable=SC2034  # who sources this uses them

# gpu_programs: lines NAME|KIND|SOURCE. KIND is
#   kernels  kernels against float64, small; compute-sanitizer takes these
#   device   ranks and jobs
#   bench    Google Benchmark
#   train    train_llama
gpu_programs() {
    local source name
    for source in tests/cuda/*.cpp bench/gpu/*.cpp; do
        [ -f "$source" ] || continue
        name=$(basename "$source" .cpp)
        case $source in
            tests/cuda/fake_*) ;;  # of the fake runtime, which g++ compiles
            *_cpu.cpp) ;;          # the host's part of the program beside it
            tests/cuda/device_* | tests/cuda/runtime*) echo "cuda_$name|device|$source" ;;
            tests/cuda/*) echo "cuda_$name|kernels|$source" ;;
            bench/gpu/main.cpp) ;;
            *) echo "bench_gpu_$name|bench|$source" ;;
        esac
    done
    echo "train_llama_cuda|train|examples/06_train_llama/gpus.cpp"
}

# gpu_wants_nccl SOURCE: all that train do
gpu_wants_nccl() { grep -qE '#include (<shardtype/train/cuda|"device_gold)' "$1"; }

# gpu_first DIRECTORY_SUFFIX FILE FOLDER...: the first FOLDER/SUFFIX that has FILE
gpu_first() {
    local suffix=$1 file=$2 folder
    shift 2
    for folder in "$@"; do
        if [ -n "$folder" ] && [ -e "$folder/$suffix/$file" ]; then
            (cd "$folder/$suffix" && pwd)
            return
        fi
    done
    return 1
}

# gpu_library FOLDER NAME MAJOR: the library's file there; pip's packages have no libNAME.so
gpu_library() {
    local file
    for file in "$1/lib$2.so" "$1/lib$2.so.$3"; do
        if [ -e "$file" ]; then
            echo "$file"
            return
        fi
    done
    return 1
}

# gpu_find [DEPENDENCIES]: sets nvcc, cuda_root, gpu_flags, gpu_link, gpu_nccl_link; gpu_missing names what a build lacks.
gpu_find() {
    local dependencies=${1:-} pip=() folder file entry header name
    gpu_missing=() gpu_notes=() gpu_nccl_link=()
    nvcc=$(command -v nvcc || true)
    for folder in "${CUDA_HOME:-}" "${CUDA_PATH:-}" /usr/local/cuda; do
        if [ -z "$nvcc" ] && [ -n "$folder" ] && [ -x "$folder/bin/nvcc" ]; then nvcc=$folder/bin/nvcc; fi
    done
    if [ -z "$nvcc" ]; then
        gpu_missing+=("nvcc (the CUDA toolkit; CUDA_HOME)")
        return
    fi
    nvcc=$(readlink -f "$nvcc")
    cuda_root=$(dirname "$(dirname "$nvcc")")
    mapfile -t pip < <(python3 -c 'import nvidia; print(*nvidia.__path__, sep="\n")' 2>/dev/null)

    gpu_flags=(-std=c++20 -O2 -Iinclude -Itests -Itests/support -Ibench/include -I"$cuda_root/include"
        -DSHARDTYPE_TEST_ON_DEVICE -DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP
        "-DSHARDTYPE_SOURCE_DIR=\"$PWD\"" "-DSHARDTYPE_TEST_DATA=\"$PWD/tests/data\"")
    [ ! -d "$cuda_root/include/cccl" ] || gpu_flags+=(-I"$cuda_root/include/cccl")
    # What the libraries themselves need is looked for where they are (an old-style run path); one CUDA runtime.
    gpu_link=(-cudart none -Xlinker --disable-new-dtags)
    if [ -n "$dependencies" ]; then
        gpu_flags+=(-I"$dependencies/include")
        gpu_link+=(-L"$dependencies/lib" -Xlinker "-rpath=$dependencies/lib" -Xlinker "-rpath-link=$dependencies/lib")
    fi

    # The toolkit's own libraries may be pip's as well.
    local roots=("$cuda_root" "$cuda_root/targets/x86_64-linux" /usr/local/cuda "${pip[@]/%//cu13}" /usr)
    for entry in "cudart|cuda_runtime.h|13" "cublasLt|cublasLt.h|13"; do
        IFS='|' read -r name header entry <<<"$entry"
        local where=("${roots[@]}" "${pip[@]/%//$([ "$name" = cudart ] && echo cuda_runtime || echo cublas)}")
        folder=$(gpu_first include "$header" "${where[@]}") && gpu_flags+=(-I"$folder") || gpu_missing+=("<$header>")
        gpu_add_library gpu_link "$name" "$entry" "${where[@]}" || gpu_missing+=("lib$name")
    done
    local cudnn=("${CUDNN_ROOT:-}" "${CUDNN_HOME:-}" "${roots[@]}" "${pip[@]/%//cudnn}")
    if folder=$(gpu_first include cudnn.h "${cudnn[@]}") && gpu_add_library gpu_link cudnn 9 "${cudnn[@]}"; then
        gpu_flags+=(-DSHARDTYPE_CUDNN -I"$folder")
    else
        gpu_notes+=("cuDNN is not installed (CUDNN_ROOT): attention runs on this library's own kernels")
    fi
    local nccl=("${NCCL_ROOT:-}" "${NCCL_HOME:-}" "${roots[@]}" "${pip[@]/%//nccl}")
    if folder=$(gpu_first include nccl.h "${nccl[@]}") && gpu_add_library gpu_nccl_link nccl 2 "${nccl[@]}"; then
        gpu_flags+=(-I"$folder")
    else
        gpu_nccl_link=()
        gpu_notes+=("NCCL is not installed (NCCL_HOME): what needs it is skipped")
    fi

    # Ours, each by a header: Debian's packages, or the folder that --pack made.
    for entry in boost/hana.hpp dnnl.h xsimd/xsimd.hpp Random123/philox.h doctest/doctest.h nlohmann/json.hpp \
        benchmark/benchmark.h CLI/CLI.hpp toml++/toml.h; do
        gpu_has_header "$entry" || gpu_missing+=("<$entry>")
    done
    gpu_link+=(-ldnnl -lgomp -lpthread)
}

# gpu_add_library ARRAY NAME MAJOR FOLDER...: appends the library and its run path to the array
gpu_add_library() {
    local -n link=$1
    local name=$2 major=$3 folder suffix file
    shift 3
    for folder in "$@"; do
        for suffix in lib lib64 lib/x86_64-linux-gnu; do
            if [ -n "$folder" ] && file=$(gpu_library "$folder/$suffix" "$name" "$major"); then
                link+=("$file" -Xlinker "-rpath=$(cd "$(dirname "$file")" && pwd)")
                return
            fi
        done
    done
    return 1
}

gpu_has_header() {
    "${CXX:-g++}" -x c++ "${gpu_flags[@]}" -fsyntax-only - 2>/dev/null \
        <<<"$(printf '#if !__has_include(<%s>)\n#error\n#endif' "$1")"
}

# gpu_measured FILE COMMAND...: runs it, and writes "seconds MiB CPU-seconds" to FILE, MiB of its largest process ("?" where
# neither GNU time nor Python is there to tell)
gpu_measured() {
    local file=$1 status=0
    shift
    if [ -x /usr/bin/time ]; then
        /usr/bin/time -o "$file" -f '%e %M %U %S' "$@" || status=$?
        awk 'END { printf "%.0f %.0f %.0f\n", $1, $2 / 1024, $3 + $4 }' "$file" >"$file.new" && mv "$file.new" "$file"
    elif command -v python3 >/dev/null; then
        python3 -c 'import resource, subprocess, sys, time
begin = time.time()
status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.time() - begin:.0f} {used.ru_maxrss // 1024} {used.ru_utime + used.ru_stime:.0f}", file=open(sys.argv[1], "w"))
sys.exit(status)' "$file" "$@" || status=$?
    else
        local begin=$SECONDS
        "$@" || status=$?
        echo "$((SECONDS - begin)) ? ?" >"$file"
    fi
    return "$status"
}

# gpu_compile BUILD NAME KIND SOURCE ARCHITECTURE_FLAG...: BUILD/NAME, BUILD/NAME.log, and BUILD/NAME.built with
# "status seconds MiB CPU-seconds"
gpu_compile() {
    local build=$1 name=$2 kind=$3 source=$4 status=0 link=("${gpu_link[@]}") main=()
    shift 4
    rm -f "$build/$name" "$build/$name.built"
    case $kind in
        train)
            # shellcheck disable=SC2206  # no path here has a space or a star
            main=($build/train_llama/*.o)
            set -- "$@" "-I$build/train_llama" -Iexamples/06_train_llama -Icmake/check_config ;;
        bench) main=("$build/bench_main.o") link=(-lbenchmark "${link[@]}") ;;
        kernels | device) main=("$build/test_main.o") ;;
    esac
    ! grep -qE '^int main' "$source" || main=()
    ! gpu_wants_nccl "$source" || link=("${gpu_nccl_link[@]}" "${link[@]}")
    [ ! -f "${source%.cpp}_cpu.cpp" ] || main+=("$build/$name.cpu.o")
    {
        { [ ! -f "${source%.cpp}_cpu.cpp" ] ||
            "${CXX:-g++}" "${gpu_flags[@]}" -c "${source%.cpp}_cpu.cpp" -o "$build/$name.cpu.o"; } &&
        gpu_measured "$build/$name.cost" "$nvcc" -x cu "${gpu_flags[@]}" "$@" -c "$source" -o "$build/$name.o" &&
            "$nvcc" "$@" -o "$build/$name" "$build/$name.o" "${main[@]}" "${link[@]}"
    } >"$build/$name.log" 2>&1 || status=$?
    echo "$status $(cat "$build/$name.cost" 2>/dev/null || echo "? ? ?")" >"$build/$name.built"
    return "$status"
}

# gpu_train_llama BUILD [JOBS]: what of train_llama is host code, with the layouts that CMake would compile for GPUs
gpu_train_llama() {
    local here=examples/06_train_llama made=$1/train_llama source jobs='' layout pids=() one
    mkdir -p "$made"
    rm -f "$made"/*.o
    for layout in dp_shard=8 tp=8 dp_shard=2,tp=4 dp_shard=1; do jobs+=${jobs:+, }"llama_job<\"$layout\">"; done
    sed -e "s|@jobs@|$jobs|; s|@gpu_jobs@|$jobs|; s|@PROJECT_SOURCE_DIR@|$PWD|; s|@PROJECT_BINARY_DIR@|$1|" \
        -e 's|@[A-Z_]*@||' "$here/compiled_layouts.hpp.in" >"$made/compiled_layouts.hpp"
    for source in "$here"/*.cpp; do
        case $source in */gpus.cpp | */no_gpus.cpp | */mpi_processes.cpp) continue ;; esac
        "${CXX:-g++}" "${gpu_flags[@]}" "-I$made" -I$here -Icmake/check_config -c "$source" \
            -o "$made/$(basename "$source" .cpp).o" &
        pids+=("$!")
        if [ ${#pids[@]} -gt "${2:-1}" ]; then
            wait "${pids[0]}" || return 1
            pids=("${pids[@]:1}")
        fi
    done
    for one in "${pids[@]}"; do wait "$one" || return 1; done
}

# gpu_mains BUILD: the two mains, host code
gpu_mains() {
    "$nvcc" "${gpu_flags[@]}" -c tests/gpu/main.cpp -o "$1/test_main.o" &
    "$nvcc" "${gpu_flags[@]}" -c bench/gpu/main.cpp -o "$1/bench_main.o" &&
        wait "$!"
}
