# Sourced by examples/run.sh, tests/run.sh and the other commands. shardtype_setup checks what the build needs, says
# which Debian packages are missing and why they are needed, and installs those only; shardtype_build configures and builds
# with progress. Everything said here goes to standard error: standard output is the program's. A refusal is one line,
# exit code 1.
source cmake/requirements.sh
source cmake/packages.sh

shardtype_note() { printf '%s\n' "$*" >&2; }

shardtype_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$1"; }  # SCRIPT: its comment

shardtype_begin() {  # SCRIPT, as its user names it; sets shardtype_build_dir and shardtype_scratch
    shardtype_command=$1
    shardtype_unfinished=()  # what a run that ends now must not leave behind
    shardtype_scratch=
    trap shardtype_end EXIT
    trap 'shardtype_interrupted 130' INT
    trap 'shardtype_interrupted 143' TERM HUP
    shardtype_build_dir=${SHARDTYPE_BUILD_DIR:-build}
    shardtype_scratch=$(mktemp -d 2>/dev/null) || shardtype_refuse \
        "cannot write temporary files to ${TMPDIR:-/tmp}; free space there, or choose another folder: TMPDIR=FOLDER"
}

shardtype_end() { rm -rf "$shardtype_scratch" "${shardtype_unfinished[@]}"; }

shardtype_interrupted() {
    trap '' INT TERM HUP
    printf '%s: interrupted; run it again and it goes on\n' "$shardtype_command" >&2
    exit "$1"
}

# shardtype_setup runtime|test...: exits 1 with one line if something is missing and cannot be had
shardtype_setup() {
    local group need_disk=0 need_memory=0 need
    for group in "$@"; do  # a later group includes the earlier
        need=shardtype_${group}_disk_mib need_disk=${!need}
        need=shardtype_${group}_memory_mib need_memory=${!need}
    done
    need_disk=$(shardtype_number SHARDTYPE_NEED_DISK_MIB "$need_disk" 0)
    need_memory=$(shardtype_number SHARDTYPE_NEED_MEMORY_MIB "$need_memory" 0)
    shardtype_check_folder "$shardtype_build_dir"
    shardtype_check_disk "$shardtype_build_dir" "$need_disk"
    shardtype_check_memory "$need_memory"
    shardtype_check_compiler "$shardtype_build_dir" if-there
    shardtype_packages "$@"
    shardtype_check_compiler "$shardtype_build_dir"
}

# ninja's lines for a file: one for every tenth of the work, and all that is not its counter.
shardtype_plain_progress() {
    local line held="" shown=-10 percent
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
            *"] Re-checking globbed directories..."* | "ninja: no work to do." | *": interrupted by user.") continue ;;
        esac
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
            percent=$((100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
            if [ "$percent" -lt "$shown" ]; then shown=-10; fi  # another counter
            held=$line
            if [ "$percent" -lt $((shown + 10)) ] && [ "$percent" -lt 100 ]; then continue; fi
            shown=$percent held=""
        elif [ -n "$held" ]; then  # what follows is said about the file just named
            printf '%s\n' "$held"
            held=""
        fi
        printf '%s\n' "$line"
    done
}

shardtype_configure() {  # CMAKE_ARGUMENT...
    local build=$shardtype_build_dir log=$shardtype_scratch/configure.log reason kept
    if [ ! -e "$build" ]; then shardtype_unfinished=("$build")
    elif [ ! -e "$build/CMakeCache.txt" ]; then shardtype_unfinished=("$build/CMakeCache.txt" "$build/CMakeFiles")
    fi
    if ! cmake -S . -B "$build" -G Ninja "$@" >"$log" 2>&1; then
        reason=$(awk '/^CMake Error/ { on = 1; next } !on { next } !NF { if (text) exit; next }
            { $1 = $1; text = text (text ? " " : "") $0 } END { print substr(text, 1, 300) }' "$log")
        kept=$(mktemp --suffix .log) && cp "$log" "$kept"
        shardtype_refuse "cmake could not configure: ${reason:-$(tail -n 1 "$log")}${shardtype_absent:+; not found:" \
            "$shardtype_absent} (all it said: $kept)"
    fi
    shardtype_unfinished=()
}

# shardtype_build TARGET [CMAKE_ARGUMENT...]
shardtype_build() {
    local build=$shardtype_build_dir target=$1 command status=0
    shift
    shardtype_configure "$@"
    shardtype_note "build: $target in $build, $shardtype_jobs at a time"
    # -k 0: all errors, not the first
    command=(cmake --build "$build" --target "$target" --parallel "$shardtype_jobs" -- -k 0)
    if [ -t 2 ]; then NINJA_STATUS='[%f/%t, %e s] ' "${command[@]}" >&2 || status=$?
    else NINJA_STATUS='[%f/%t] ' "${command[@]}" 2>&1 | shardtype_plain_progress >&2 || status=$?
    fi
    [ "$status" -eq 0 ] || shardtype_refuse "the build of '$target' failed, see above; if a compiler was 'Killed'," \
        "memory was short: SHARDTYPE_JOBS=1 bash $shardtype_command"
}
