#!/usr/bin/env bash
# usage: consume.sh CMAKE SOURCE_DIR COMPILER WORK_DIR WAY
# Uses the library as a user's project does. WAY: `install` puts it into WORK_DIR/moved; `find_package`, `runtime`, `mpi`,
# `subdirectory` and `fetch_content` build and run project/ with it; `refusals` asks for what is not there.
set -euo pipefail
cmake=$1 source=$2 compiler=$3 work=$4 way=$5
project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/project
library=$work/library prefix=$work/moved consumer=$work/$way
export LC_ALL=C
unset CXXFLAGS LDFLAGS CMAKE_PREFIX_PATH shardtype_DIR shardtype_ROOT
die() { echo "consumer, $way: $*"; exit 1; }

log=$work/$way.log
mkdir -p "$work"
quietly() { "$@" >"$log" 2>&1 || { cat "$log"; die "failed: $*"; }; }
configure() {
    "$cmake" -S "$project" -B "$consumer" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
        -DCMAKE_PREFIX_PATH="$prefix" "$@"
}

# Only what the two targets stand for: include directories, C++20, Boost's and Thrust's own definitions.
check_command_lines() {
    local odd ours='-(o|c|isystem|I.*|std=(gnu|c)\+\+20|DBOOST_ALL_NO_LIB|DTHRUST_(HOST|DEVICE)_SYSTEM=.*_CPP)'
    odd=$(grep '"command"' "$consumer/compile_commands.json" | tr ' ' '\n' | grep '^-' | grep -vxE -e "$ours" || true)
    [ -z "$odd" ] || die "compiled with flags of ours: $odd"
    grep '"command".*types.cpp' "$consumer/compile_commands.json" | grep -v THRUST >"$log" ||
        die "types.cpp is compiled for the runtime"
}

# use EXPECT_RUNTIME CMAKE_ARGUMENT...
use() {
    local runtime=$1 said
    shift
    rm -rf "$consumer"
    quietly configure -DRUNTIME="$runtime" "$@"
    check_command_lines
    quietly "$cmake" --build "$consumer"
    said=$("$consumer/types")
    [[ $said == "8 devices, "*" steps, arena of "*" bytes" ]] || die "types says: $said"
    [ "$runtime" = OFF ] || [ "$("$consumer/train")" = "the loss falls" ] || die "train says: $("$consumer/train")"
}

# refused TEXT CMAKE_ARGUMENT...: project/ does not configure, and is told TEXT
refused() {
    local text=$1
    shift
    rm -f "$consumer/CMakeCache.txt"
    if configure -DWAY=find_package -DRUNTIME=OFF "$@" >"$log" 2>&1; then die "configured in spite of $*"; fi
    tr -s '[:space:]' ' ' <"$log" | grep -qF -- "$text" || { cat "$log"; die "with $* not told: $text"; }
}

launcher=()  # ccache only where train.cpp is compiled, so that the others show that we set none
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
version=$(sed -nE 's/^project\(shardtype VERSION ([0-9.]+).*/\1/p' "$source/CMakeLists.txt")
IFS=. read -r major minor _ <<<"$version"

case $way in
install)
    rm -rf "$library" "$work/first" "$prefix"
    quietly "$cmake" -S "$source" -B "$library" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
        -DSHARDTYPE_BUILD_EXAMPLES=OFF -DSHARDTYPE_BUILD_TESTS=OFF -DSHARDTYPE_BUILD_BENCH=OFF
    quietly "$cmake" --install "$library" --prefix "$work/first"
    mv "$work/first" "$prefix"
    if grep -rFn -e "$source" -e "$work" "$prefix" ||
        grep -rnE '(^|[ ;"(])/(usr|opt|home|root)/' "$prefix" | grep -v 'PATHS /usr/local/cuda '; then
        die "the lines above name a path of this machine"
    fi
    diff <(cd "$source/include" && find . -name '*.hpp' | sort) <(cd "$prefix/include" && find . -type f | sort) ||
        die "the lines above: not installed (<), or not in the tree (>)"
    grep -qF "\"version-semver\": \"$version\"" "$source/vcpkg.json" || die "vcpkg.json has another version" ;;
find_package) use OFF -DWAY=find_package -DVERSION="$major.$minor" ;;
runtime) use ON -DWAY=find_package -DVERSION="$version" -DCOMPONENTS=runtime "${launcher[@]}" ;;
mpi)  # the same job on two processes
    [ -n "${MPIRUN-}" ] || { echo "skipped: no MPI"; exit 77; }
    rm -rf "$consumer"
    quietly configure -DRUNTIME=ON -DWAY=find_package -DCOMPONENTS=mpi "${launcher[@]}"
    quietly "$cmake" --build "$consumer" --target train_mpi
    said=$(bash "$source/tests/support/mpirun.sh" 2 "$consumer/train_mpi")
    [ "$said" = "the loss falls" ] || die "train_mpi says: $said" ;;
subdirectory) use ON -DWAY=subdirectory -DSOURCE="$source" "${launcher[@]}" ;;
fetch_content)  # as on a machine without oneDNN: the types do not need it
    command -v git >/dev/null || { echo "skipped: no git, so nothing was fetched"; exit 77; }
    repository=$work/repository.git
    rm -rf "$repository"
    mkdir -p "$repository"
    cp -R "$source"/{CMakeLists.txt,LICENSE,cmake,include} "$repository"
    quietly git -C "$repository" -c init.defaultBranch=main init
    quietly git -C "$repository" add .
    quietly git -C "$repository" -c user.name=test -c user.email=test@localhost -c commit.gpgsign=false commit -m all
    use OFF -DWAY=fetch_content -DSOURCE="file://$repository" -DSHARDTYPE_DNNL_LIBRARY=OFF
    configure >"$log"
    grep -qF 'no target shardtype::runtime, not found: oneDNN 2 (libdnnl-dev)' "$log" ||
        die "not told why there is no shardtype::runtime" ;;
refusals)
    rm -rf "$consumer"
    wrong=("$major.$((minor + 1))" "$((major + 1)).0" "$version.1")
    if [ "$major" -eq 0 ] && [ "$minor" -gt 0 ]; then wrong+=("0.$((minor - 1))"); fi  # before 1.0 a minor may break
    for other in "${wrong[@]}"; do refused "requested version \"$other\"" -DVERSION="$other"; done
    refused "component runtime: not found: oneDNN 2 (libdnnl-dev)" -DCOMPONENTS=runtime -DSHARDTYPE_DNNL_LIBRARY=OFF
    refused "component mpi: not found: MPI (libopenmpi-dev, openmpi-bin)" -DCOMPONENTS=mpi \
        -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    refused "component runtime: not found: Thrust (libthrust-dev, or the CUDA toolkit), xsimd (libxsimd-dev)" \
        -DCOMPONENTS=runtime -DSHARDTYPE_THRUST_INCLUDE_DIR=OFF -DSHARDTYPE_XSIMD_INCLUDE_DIR=OFF
    mkdir -p "$consumer/three/oneapi/dnnl"
    echo '#define DNNL_VERSION_MAJOR 3' >"$consumer/three/oneapi/dnnl/dnnl_version.h"
    refused "component runtime: not found: the headers of oneDNN 2 (libdnnl-dev)" -DCOMPONENTS=runtime \
        -DSHARDTYPE_DNNL_INCLUDE_DIR="$consumer/three"
    refused "not found: Boost.Hana of Boost 1.74 or newer (libboost-dev)" -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON
    refused "there is no component gpu; there are: runtime, mpi, cuda, nccl" -DCOMPONENTS=gpu ;;
*) die "no such way" ;;
esac
