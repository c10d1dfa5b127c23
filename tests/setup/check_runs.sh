# Sourced by check_setup.sh: what the two commands do where they can.
# shellcheck shell=bash disable=SC2154  # check_setup.sh sets what is used here

case_all_is_there() {
    run examples/run.sh --steps 3
    expect_code 0
    not_called apt-get
    not_called sudo
    prints "trains: "
    prints "--steps 3"
    says 'examples/run.sh: train_llama built in'
    says 'exit code 0'
    says "$SHARDTYPE_BUILD_DIR/examples/train_llama"
    [ "$(grep -c '^\[' "$folder/err")" -le 12 ] || wrong "$(grep -c '^\[' "$folder/err") lines of progress in a file"
    says '[500/500]'
    [ -z "$(ls -A "$TMPDIR")" ] || wrong "left: $(ls -A "$TMPDIR")"
    run examples/run.sh
    says 'was built already'
    [ "$(wc -l <"$folder/err")" -le 3 ] || wrong "the second run says more than three lines"
}
case_installs_what_is_missing_as_root() {
    without cmake libdnnl-dev
    run examples/run.sh
    expect_code 0
    says 'installs with apt-get:'
    says 'cmake                the build'
    says 'libdnnl-dev          oneDNN, matrix products'
    says '108 MB to download, 549 MB when installed'
    says $'installed)\n  downloaded 25 %\n  downloaded 50 %\n  downloaded\n  installed 25 %'
    [[ $err != *libboost-dev* ]] || wrong "names what is there"
    called '--no-download cmake libdnnl-dev'
    not_called sudo
    run examples/run.sh
    not_called apt-get
}
case_installs_with_sudo() {
    without cmake
    set_state uid 1000
    run tests/run.sh
    expect_code 0
    called 'sudo -n setsid --wait env LC_ALL=C'
    prints 'tests/run.sh: built in'
    prints $'\nskipped: no nvcc\nskipped: clang++-16 is not installed'
    [[ $out != *other* ]] || wrong "prints more of the log than what was skipped"
}
case_examples_need_no_test_packages() {
    without doctest-dev libbenchmark-dev git
    run examples/run.sh
    expect_code 0
    not_called apt-get
    called '-DSHARDTYPE_BUILD_TESTS=OFF'
    run tests/run.sh
    called '--no-download libbenchmark-dev doctest-dev git'
}
case_tool_from_elsewhere_counts() {
    without cmake
    ln -s "$here/fake.sh" "$folder/m/bin/cmake"
    run examples/run.sh
    expect_code 0
    not_called apt-get
}
case_no_network_but_all_downloaded() {
    without cmake
    set_state offline
    set_state downloaded
    run examples/run.sh
    expect_code 0
    called '--no-download cmake'
}
case_install_fails() {
    without cmake
    set_state dpkg_fails
    run examples/run.sh
    expect_code 1
    says 'missing: cmake; apt-get could not install them: dpkg: error processing package cmake'
    [ ! -e "$SHARDTYPE_BUILD_DIR" ] || wrong "left a build folder"
}
case_memory_for_one_compile() {
    local one
    one=$(source "$root/cmake/packages.sh"; echo "$shardtype_runtime_memory_mib")
    printf 'MemAvailable: %d kB\n' $((one * 1024)) >"$folder/m/proc/meminfo"
    set_state cores 8
    run examples/run.sh
    expect_code 0
    called '--parallel 1 '
    says "$one per compile: 1 at a time"
    printf 'MemAvailable: %d kB\n' $((one * 3 * 1024)) >"$folder/m/proc/meminfo"
    run examples/run.sh
    called '--parallel 3 '
}
case_swap_lets_one_compile_run() {
    printf 'MemAvailable: 512000 kB\nSwapFree: 4000000 kB\n' >"$folder/m/proc/meminfo"
    run examples/run.sh
    expect_code 0
    called '--parallel 1 '
}
case_thresholds_can_be_set() {
    set_state disk '/ 1'
    echo 'MemAvailable: 1000 kB' >"$folder/m/proc/meminfo"
    export SHARDTYPE_NEED_DISK_MIB=0 SHARDTYPE_NEED_MEMORY_MIB=0
    run examples/run.sh
    expect_code 0
}
case_exit_code_is_the_programs() {
    set_state program_code 2
    run examples/run.sh --nonsense
    expect_code 2
    says 'exit code 2'
    run tests/run.sh
    expect_code 2
}
case_build_fails() {
    set_state build_fails
    run examples/run.sh
    expect_code 1
    says 'FAILED: main.cpp.o'
    says "examples/run.sh: the build of 'train_llama' failed, see above"
    rm "$STATE/build_fails"
    run examples/run.sh
    expect_code 0
}
case_runs_in_the_callers_folder() {
    run examples/run.sh
    code=0 out=$(cd "$folder" && PATH=$folder/m/bin bash "$root/examples/run.sh" 2>/dev/null) || code=$?
    expect_code 0
    prints "trains: $folder "
}
case_help() {
    run examples/run.sh --help
    expect_code 0
    prints 'usage: bash examples/run.sh'
    prints 'SHARDTYPE_BUILD_DIR'
    run tests/run.sh --help
    expect_code 0
    prints 'usage: bash tests/run.sh'
    [[ $calls != *cmake* ]] || wrong "builds"
    [ ! -e "$SHARDTYPE_BUILD_DIR" ] || wrong "left a build folder"
}

# Ctrl-C goes to all processes of the terminal's group.
interrupt() {  # SCRIPT CALL: where the made-up machine hangs when it comes
    local pid
    : >"$STATE/calls"
    set_state slow "$2"
    rm -f "$STATE/started"
    set -m
    PATH=$folder/m/bin bash "$root/$1" >"$folder/out" 2>"$folder/err" </dev/null &
    pid=$!
    set +m
    for _ in {1..100}; do [ ! -e "$STATE/started" ] || break; sleep 0.05; done
    kill -INT -- "-$pid"
    code=0
    wait "$pid" || code=$?
    rm "$STATE/slow"
    err=$(<"$folder/err") calls=$(<"$STATE/calls")
    expect_code 130
    [ "$(grep -c interrupted "$folder/err")" -eq 1 ] || wrong "not one line"
    [ -z "$(ls -A "$TMPDIR")" ] || wrong "left: $(ls -A "$TMPDIR")"
}
case_interrupted_while_looking_up() {
    without cmake
    interrupt examples/run.sh 'apt-get -q -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o APT::Update::Error-Mode=any update'
    [ "$(wc -l <"$folder/err")" -eq 1 ] || wrong "more than one line"
    run examples/run.sh
    expect_code 0
}
case_interrupted_while_configuring() {
    interrupt examples/run.sh 'cmake -S'
    [ ! -e "$SHARDTYPE_BUILD_DIR" ] || wrong "left a build folder"
    [ "$(wc -l <"$folder/err")" -eq 1 ] || wrong "more than one line"
    run examples/run.sh
    expect_code 0
}
case_interrupted_while_building() {
    interrupt tests/run.sh 'cmake --build'
    run tests/run.sh
    expect_code 0
}
case_interrupted_while_installing() {  # dpkg ends first
    without cmake
    interrupt examples/run.sh 'apt-get -q -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o APT::Update::Error-Mode=any install --no-install-recommends --no-remove -o APT::Status-Fd=1 -y --no-download'
    grep -qx cmake "$STATE/installed" || wrong "left cmake half installed"
    run examples/run.sh
    expect_code 0
    not_called apt-get
}
