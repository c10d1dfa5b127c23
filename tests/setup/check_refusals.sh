# Sourced by check_setup.sh: what the two commands refuse, each with one line and nothing half done.
# shellcheck shell=bash disable=SC2154  # check_setup.sh sets what is used here

case_no_root_and_no_sudo() {
    without cmake libdnnl-dev
    set_state uid 1000
    without_tool sudo
    refuses examples/run.sh 'packages are missing' 'not root' 'no sudo' 'as root: apt-get install cmake libdnnl-dev'
    not_called apt-get
}
case_sudo_wants_a_password() {
    without cmake
    set_state uid 1000
    set_state sudo_password
    refuses examples/run.sh 'packages are missing' 'sudo asks for a password' 'no terminal' 'apt-get install cmake'
    not_called apt-get
}
case_no_network() {
    without cmake git
    set_state offline
    refuses tests/run.sh 'missing: cmake git;' 'cannot be reached' "Temporary failure resolving 'archive'" 'connect'
}
case_no_network_and_no_package_lists() {
    without cmake
    set_state offline
    : >"$STATE/archive"
    refuses examples/run.sh 'missing: cmake;' 'cannot be reached' 'connect to the network'
}
case_archive_lacks_a_package() {
    without libdnnl-dev libxsimd-dev cmake
    sed -i '/libdnnl-dev/d; /libxsimd/d' "$STATE/archive"
    refuses examples/run.sh 'missing: cmake libdnnl-dev libxsimd-dev;' 'does not have libdnnl-dev libxsimd-dev:'
    not_called --download-only
}
case_apt_is_locked() {
    without cmake
    set_state locked
    refuses examples/run.sh 'missing: cmake;' "apt's lock" 'held by process 71 (unattended-upgr)' 'then run this again'
}
case_archive_has_an_older_compiler() {
    without g++
    set_state archive_gxx 4:10.2.1-1
    refuses examples/run.sh 'missing: g++;' 'has g++ 4:10.2.1-1, needed is 12'
    not_called --download-only
}
case_compiler_is_too_old() {
    set_state compiler '10 __clang_major__'
    refuses examples/run.sh 'c++ is g++ 10; needed is g++ 12, clang 16 or newer' 'CXX='
}
case_compiler_is_too_old_and_packages_are_missing() {
    without cmake
    set_state compiler '11 __clang_major__'
    refuses examples/run.sh 'c++ is g++ 11; needed is g++ 12'
    not_called apt-get
}
case_clang_is_too_old() {
    set_state compiler '4 14'
    CXX=clang++ && export CXX
    ln -s "$here/fake.sh" "$folder/m/bin/clang++"
    refuses examples/run.sh 'clang++ is clang 14; needed is g++ 12, clang 16'
}
case_compiler_is_broken() {
    set_state broken_compiler
    refuses tests/run.sh "the compiler c++ does not work: c++: fatal error: cannot execute 'cc1plus'"
}
case_compiler_of_the_build_folder_is_gone() {
    run examples/run.sh
    sed -i 's|^CMAKE_CXX_COMPILER.*|CMAKE_CXX_COMPILER:FILEPATH=/no/c++|' "$SHARDTYPE_BUILD_DIR/CMakeCache.txt"
    refuses examples/run.sh 'the compiler /no/c++ does not work' "delete $SHARDTYPE_BUILD_DIR"
}
case_too_little_disk() {
    set_state disk '/ 19'
    refuses examples/run.sh 'too little disk: / has 19 MiB free' 'build folder' 'SHARDTYPE_BUILD_DIR'
}
case_disk_needs_add_up() {
    local build temporary
    build=$(source "$root/cmake/packages.sh"; echo "$shardtype_runtime_disk_mib")
    temporary=$(source "$root/cmake/packages.sh"; echo "$shardtype_temporary_mib")
    without cmake
    set_state disk "/ $((build + temporary + 108 + 548))"
    refuses examples/run.sh "needed (MiB: build folder $build, temporary files $temporary, packages to download 108," \
        'packages to install 549)' "$((build + temporary + 108 + 549)) are needed"
    not_called --download-only
    set_state disk "/ $((build + temporary + 108 + 549))"
    run examples/run.sh
    expect_code 0
}
case_too_little_space_for_packages() {
    without cmake
    set_state disk '/usr 500'
    refuses examples/run.sh '/usr has 500 MiB free and 549 are needed'
    not_called --download-only
}
case_too_little_memory() {
    echo 'MemAvailable: 500000 kB' >"$folder/m/proc/meminfo"
    refuses examples/run.sh 'too little memory: 488 MiB are free' 'largest compile needs'
}
case_too_little_memory_in_a_container() {  # v2, the limit one group above; 300 of the 700 MiB used are page cache
    echo '0::/box/inner' >"$folder/m/proc/self/cgroup"
    mkdir -p "$folder/m/sys/fs/cgroup/box/inner"
    echo max >"$folder/m/sys/fs/cgroup/box/inner/memory.max"
    echo $((900 << 20)) >"$folder/m/sys/fs/cgroup/box/memory.max"
    echo $((700 << 20)) >"$folder/m/sys/fs/cgroup/box/memory.current"
    printf 'anon 1\ninactive_file %d\nactive_file %d\n' $((200 << 20)) $((100 << 20)) >"$folder/m/sys/fs/cgroup/box/memory.stat"
    refuses examples/run.sh 'too little memory: 500 MiB are free' "container's limit"
}
case_too_little_memory_in_a_v1_container() {
    printf '12:cpu:/\n4:memory:/box\n0::/\n' >"$folder/m/proc/self/cgroup"
    mkdir -p "$folder/m/sys/fs/cgroup/memory/box"
    echo 9223372036854771712 >"$folder/m/sys/fs/cgroup/memory/memory.limit_in_bytes"
    echo $((900 << 20)) >"$folder/m/sys/fs/cgroup/memory/box/memory.limit_in_bytes"
    echo $((100 << 20)) >"$folder/m/sys/fs/cgroup/memory/box/memory.usage_in_bytes"
    echo 'total_inactive_file 0' >"$folder/m/sys/fs/cgroup/memory/box/memory.stat"
    refuses tests/run.sh 'too little memory: 800 MiB are free'
}
case_build_folder_is_a_file() {
    echo >"$SHARDTYPE_BUILD_DIR"
    refuses examples/run.sh "$SHARDTYPE_BUILD_DIR is not a folder" 'SHARDTYPE_BUILD_DIR=FOLDER'
}
case_build_folder_is_not_writable() {
    local not_root=()
    mkdir -p "$folder/m/readonly"
    SHARDTYPE_BUILD_DIR=$folder/m/readonly/build
    if [ "$EUID" -eq 0 ]; then  # root may write anywhere but to /proc and /sys
        SHARDTYPE_BUILD_DIR=/proc/self/build
        [ ! -w /proc/self ] || return 0
    else chmod a-w "$folder/m/readonly"
    fi
    refuses examples/run.sh 'cannot build in' 'no right to write to' 'SHARDTYPE_BUILD_DIR=FOLDER'
    chmod u+w "$folder/m/readonly"
}
case_build_folder_is_the_checkout() {
    SHARDTYPE_BUILD_DIR=$root
    refuses examples/run.sh 'the build folder is the checkout itself'
}
case_build_folder_of_another_source() {
    mkdir "$SHARDTYPE_BUILD_DIR"
    echo 'CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere' >"$SHARDTYPE_BUILD_DIR/CMakeCache.txt"
    refuses examples/run.sh 'was configured from another source folder, /elsewhere; delete it'
}
case_build_folder_of_another_generator() {
    mkdir "$SHARDTYPE_BUILD_DIR"
    echo 'CMAKE_GENERATOR:INTERNAL=Unix Makefiles' >"$SHARDTYPE_BUILD_DIR/CMakeCache.txt"
    refuses tests/run.sh 'was configured for Unix Makefiles, not for Ninja; delete it'
}
case_not_debian() {
    without_tool dpkg-query apt-get cmake ninja
    set_state no_headers
    refuses examples/run.sh 'missing: cmake (the build), ninja (runs the build), <boost/hana.hpp> (libboost-dev in Debian)' \
        '<toml++/toml.h>' 'no Debian'
}
case_configure_fails() {
    set_state cmake_fails
    refuses examples/run.sh 'cmake could not configure: shardtype: not found: Thrust (libthrust-dev)' '(all it said: '
    rm "$STATE/cmake_fails"
    run examples/run.sh
    expect_code 0
}
case_configure_fails_in_a_folder_that_was_there() {
    mkdir "$SHARDTYPE_BUILD_DIR"
    touch "$SHARDTYPE_BUILD_DIR/mine"
    set_state cmake_fails
    refuses examples/run.sh 'cmake could not configure'
    [ "$(cd "$SHARDTYPE_BUILD_DIR" && echo *)" = mine ] || wrong "left: $(cd "$SHARDTYPE_BUILD_DIR" && echo *)"
}
case_no_temporary_folder() {
    TMPDIR=/proc/self/tmp  # where nobody can write
    : >"$STATE/calls"
    code=0 err=$(PATH=$folder/m/bin bash "$root/examples/run.sh" 2>&1 >/dev/null </dev/null) || code=$?
    expect_code 1
    says 'cannot write temporary files to /proc/self/tmp;'
}
case_jobs_is_no_number() {
    SHARDTYPE_JOBS=many && export SHARDTYPE_JOBS
    refuses examples/run.sh "SHARDTYPE_JOBS is 'many'"
}
