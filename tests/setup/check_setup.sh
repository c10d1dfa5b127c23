#!/usr/bin/env bash
# usage: check_setup.sh [CASE...]      the cases are the functions case_* of check_refusals.sh and check_runs.sh
# Runs examples/run.sh and tests/run.sh in a machine that is made up: PATH holds nothing but fake tools, and /proc and
# /sys are a folder. Nothing is installed, built, or fetched.
set -uo pipefail  # a failing check is counted, and does not end the run
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/setup
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
real_tools=()
fakes=(apt-get c++ cmake ctest df dpkg dpkg-query du git g++ id ninja nproc setsid sudo)
for tool in awk bash cat chmod cp cut date dirname env grep head kill ln mkdir mktemp mv paste printf realpath rm sed \
    sleep sort stat tail tee touch tr wc; do
    real_tools+=("$(type -P "$tool")")
done

mkdir "$folder/fakes"
for tool in "${fakes[@]}"; do ln -s "$here/fake.sh" "$folder/fakes/$tool"; done

# A machine that has everything, 16 GiB of memory, 2 cores and much disk; a case then takes something away.
machine() {
    rm -rf "$folder/m"
    mkdir -p "$folder/m"/{bin,proc/self,sys/fs/cgroup,state,tmp}
    export SHARDTYPE_SYSTEM_ROOT=$folder/m STATE=$folder/m/state TMPDIR=$folder/m/tmp
    export SHARDTYPE_BUILD_DIR=$folder/m/build
    unset SHARDTYPE_JOBS SHARDTYPE_NEED_DISK_MIB SHARDTYPE_NEED_MEMORY_MIB CXX
    ln -s "${real_tools[@]}" "$folder/m/bin"
    cp -P "$folder"/fakes/* "$folder/m/bin"
    printf 'MemAvailable: %d kB\nSwapFree: 0 kB\n' $((16 << 20)) >"$folder/m/proc/meminfo"
    echo '0::/' >"$folder/m/proc/self/cgroup"
    echo 0 >"$STATE/uid"
    (source "$root/cmake/packages.sh"
        printf '%s\n' "${shardtype_runtime_packages[@]%%|*}" "${shardtype_bench_packages[@]%%|*}" \
            "${shardtype_test_packages[@]%%|*}" "${shardtype_mpi_packages[@]%%|*}") >"$STATE/installed"
    cp "$STATE/installed" "$STATE/archive"
}

without() {  # PACKAGE...: they, and the tools in them, are not installed
    local package
    for package in "$@"; do
        grep -vxF "$package" "$STATE/installed" >"$STATE/left"
        mv "$STATE/left" "$STATE/installed"
        case $package in
            g++) rm -f "$folder/m/bin"/{g++,c++} ;;
            ninja-build) rm -f "$folder/m/bin/ninja" ;;
            cmake) rm -f "$folder/m/bin"/{cmake,ctest} ;;
            git) rm -f "$folder/m/bin/git" ;;
        esac
    done
}
without_tool() { local tool; for tool in "$@"; do rm "$folder/m/bin/$tool"; done; }
set_state() { echo "${2:-}" >"$STATE/$1"; }  # NAME [VALUE], see fake.sh

run() {  # SCRIPT ARGUMENT...: sets code, out, err, calls
    : >"$STATE/calls"
    code=0
    PATH=$folder/m/bin bash "$root/$1" "${@:2}" >"$folder/out" 2>"$folder/err" </dev/null || code=$?
    out=$(<"$folder/out") err=$(<"$folder/err") calls=$(<"$STATE/calls")
}

wrong() {
    echo "$case: $*; it said:"
    tail -n 5 <<<"$err" | sed 's/^/    /'
    failed=$((failed + 1))
}
expect_code() { [ "$code" -eq "$1" ] || wrong "exit code $code, not $1"; }
says() { [[ $err == *"$1"* ]] || wrong "does not say: $1"; }
prints() { [[ $out == *"$1"* ]] || wrong "does not print: $1; but: $out"; }
called() { [[ $calls == *"$1"* ]] || wrong "did not call: $1; but: ${calls:-nothing}"; }
not_called() { [[ $calls != *"$1"* ]] || wrong "called: $1"; }

# A refusal: exit code 1, one line in all with each TEXT, nothing installed, no build folder, no file left behind.
refuses() {  # SCRIPT TEXT...
    local script=$1 text had_build=no
    shift
    [ ! -e "$SHARDTYPE_BUILD_DIR" ] || had_build=yes
    cp "$STATE/installed" "$folder/installed"
    run "$script"
    expect_code 1
    [ "$(wc -l <"$folder/err")" -eq 1 ] || wrong "says more than one line"
    [ -z "$out" ] || wrong "prints to standard output: $out"
    [[ $err == "$script: "* ]] || wrong "does not begin with the command's name"
    for text in "$@"; do says "$text"; done
    cmp -s "$STATE/installed" "$folder/installed" || wrong "installed something"
    [ "$had_build" = yes ] || [ ! -e "$SHARDTYPE_BUILD_DIR" ] || wrong "left a build folder"
    [ -z "$(find "$TMPDIR" -mindepth 1 ! -name '*.log')" ] || wrong "left: $(find "$TMPDIR" -mindepth 1)"
}

source "$here/check_refusals.sh"
source "$here/check_runs.sh"
failed=0 count=0
[ $# -gt 0 ] || mapfile -t cases < <(compgen -A function case_)
for case in "${cases[@]:-$@}"; do
    machine
    "$case"
    count=$((count + 1))
done
echo "set-up: $count cases, $failed failures"
[ "$failed" -eq 0 ]
