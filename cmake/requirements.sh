# Sourced by cmake/setup.sh: what a build needs besides packages (a folder, disk, memory, a compiler), checked before
# anything is changed. Every check that fails ends the run with one line.
# SHARDTYPE_SYSTEM_ROOT goes before /proc and /sys, for tests/setup/.
# shellcheck disable=SC2154  # setup.sh sets what is used here

declare -A shardtype_disk_need=() shardtype_disk_what=()

shardtype_refuse() {
    printf '%s: %s\n' "$shardtype_command" "$*" >&2
    exit 1
}

shardtype_existing_parent() {  # PATH: itself, or the nearest folder above it that exists
    local path=$1
    while [ ! -e "$path" ] && [ ! -L "$path" ]; do path=$(dirname "$path"); done
    printf '%s\n' "$path"
}

# One entry of a CMake cache, or nothing.
shardtype_cached() {  # BUILD_DIR NAME
    [ ! -r "$1/CMakeCache.txt" ] || sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"
}

shardtype_check_folder() {  # BUILD_DIR
    local build=$1 other="or choose another: SHARDTYPE_BUILD_DIR=FOLDER bash $shardtype_command" file folder found
    [ ! "$build" -ef . ] || shardtype_refuse "the build folder is the checkout itself; choose another: ${other#*: }"
    folder=$(shardtype_existing_parent "$build")
    [ -d "$folder" ] || shardtype_refuse "cannot build in $build: $folder is not a folder; move it away, $other"
    for file in "$folder" "$build"/{CMakeCache.txt,build.ninja,.ninja_log,.ninja_deps}; do
        if [ -e "$file" ] && [ ! -w "$file" ]; then
            shardtype_refuse "cannot build in $build: no right to write to $file; get it (chown), $other"
        fi
    done
    found=$(shardtype_cached "$build" CMAKE_HOME_DIRECTORY)
    if [ -n "$found" ] && [ ! "$found" -ef . ]; then
        shardtype_refuse "$build was configured from another source folder, $found; delete it, $other"
    fi
    found=$(shardtype_cached "$build" CMAKE_CACHEFILE_DIR)
    if [ -n "$found" ] && [ ! "$found" -ef "$build" ]; then
        shardtype_refuse "$build was moved here from $found; delete it, $other"
    fi
    found=$(shardtype_cached "$build" CMAKE_GENERATOR)
    if [ -n "$found" ] && [ "$found" != Ninja ]; then
        shardtype_refuse "$build was configured for $found, not for Ninja; delete it, $other"
    fi
}

# The value of a variable that the user may set.
shardtype_number() {  # NAME DEFAULT LEAST
    local value=${!1:-$2}
    if ! [[ $value =~ ^[0-9]{1,9}$ ]] || [ "$value" -lt "$3" ]; then
        shardtype_refuse "$1 is '$value', not a whole number of at least $3"
    fi
    printf '%d\n' "$((10#$value))"
}

# Needs on one file system add up, in whichever order they are found.
shardtype_need_disk() {  # FOLDER MIB WHAT
    local folder available mount
    [ "$2" -gt 0 ] || return 0
    folder=$(shardtype_existing_parent "$1")
    read -r available mount < <(df -Pk "$folder" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024), $6 }') || return 0
    shardtype_disk_need[$mount]=$((${shardtype_disk_need[$mount]:-0} + $2))
    shardtype_disk_what[$mount]+=${shardtype_disk_what[$mount]:+, }"$3 $2"
    if [ "$available" -lt "${shardtype_disk_need[$mount]}" ]; then
        shardtype_refuse "too little disk: $mount has $available MiB free and ${shardtype_disk_need[$mount]} are" \
            "needed (MiB: ${shardtype_disk_what[$mount]}); free some, or build elsewhere: SHARDTYPE_BUILD_DIR=FOLDER"
    fi
}

shardtype_check_disk() {  # BUILD_DIR MIB
    local used=0
    [ ! -d "$1" ] || used=$(du -sk "$1" 2>/dev/null | awk '{ print int($1 / 1024) }') || used=0
    [ "$used" -lt "$2" ] || return 0
    shardtype_need_disk "$1" $(($2 - used)) "build folder"
    shardtype_need_disk "${TMPDIR:-/tmp}" "$shardtype_temporary_mib" "temporary files"
}

# MiB that programs may still take, without swap and with it: the machine's, or less where a control group (v1 or v2, or
# one above it) says so. Page cache counts as free, as in MemAvailable. Nothing where it is unknown.
shardtype_free_memory() {
    local root=${SHARDTYPE_SYSTEM_ROOT:-} available with_swap controllers path top names limit left
    [ -r "$root/proc/meminfo" ] || return 0
    read -r available with_swap < <(awk '/^MemAvailable:/ { m = $2 } /^SwapFree:/ { s = $2 }
        END { if (m) print int(m / 1024), int((m + s) / 1024) }' "$root/proc/meminfo") || return 0
    while IFS=: read -r _ controllers path; do
        case ,$controllers, in
            ,,) top=$root/sys/fs/cgroup names=(memory.max memory.current "") ;;
            *,memory,*)
                top=$root/sys/fs/cgroup/memory names=(memory.limit_in_bytes memory.usage_in_bytes total_) ;;
            *) continue ;;
        esac
        path=${path%/}
        while :; do
            # 16 digits and more are v1's word for no limit, "max" is v2's
            limit=$(cat "$top$path/${names[0]}" 2>/dev/null) || limit=
            if [[ $limit =~ ^[0-9]{1,15}$ ]]; then
                left=$(awk -v limit="$limit" -v prefix="${names[2]}" '
                    FNR == NR { used = $1; next }
                    $1 == prefix "active_file" || $1 == prefix "inactive_file" { used -= $2 }
                    END { left = int((limit - used) / 1048576); print left < 0 ? 0 : left }
                    ' "$top$path/${names[1]}" "$top$path/memory.stat" 2>/dev/null) || left=$((limit >> 20))
                if [ "$left" -lt "$available" ]; then available=$left; fi
                if [ "$left" -lt "$with_swap" ]; then with_swap=$left; fi
            fi
            [ -n "$path" ] || break
            path=${path%/*}
        done
    done < <(cat "$root/proc/self/cgroup" 2>/dev/null)
    printf '%s %s\n' "$available" "$with_swap"
}

# Sets shardtype_jobs: as many compiles at once as cores and memory allow.
shardtype_check_memory() {  # MIB_OF_A_COMPILE
    local available with_swap fits
    shardtype_jobs=$(shardtype_number SHARDTYPE_JOBS "$(nproc 2>/dev/null || echo 1)" 1)
    read -r available with_swap < <(shardtype_free_memory) || return 0
    if [ "$with_swap" -lt "$1" ]; then
        shardtype_refuse "too little memory: $with_swap MiB are free and the largest compile needs $1;" \
            "end other programs, add swap, or raise the container's limit"
    fi
    [ "$1" -gt 0 ] || return 0
    fits=$((available / $1))
    if [ "$fits" -lt "$shardtype_jobs" ]; then
        shardtype_jobs=$((fits > 0 ? fits : 1))
        shardtype_note "memory: $available MiB free, $1 per compile: $shardtype_jobs at a time"
    fi
}

# The one that CMake will take. With if-there, one that is yet to be installed is not missed.
shardtype_check_compiler() {  # BUILD_DIR [if-there]
    local cached said gnu clang compiler=(c++)
    cached=$(shardtype_cached "$1" CMAKE_CXX_COMPILER)
    if [ -n "$cached" ]; then compiler=("$cached")
    elif [ -n "${CXX:-}" ]; then read -ra compiler <<<"$CXX"  # may hold arguments, as for CMake
    elif ! command -v c++ >/dev/null; then compiler=(g++)
    fi
    [ -z "${2:-}" ] || command -v "${compiler[0]}" >/dev/null || return 0
    said=$("${compiler[@]}" -x c++ -E -P - 2>&1 <<<'__GNUC__ __clang_major__') || shardtype_refuse \
        "the compiler ${compiler[*]} does not work: $(sed -E 's/^.*: line [0-9]+: //; q' <<<"$said");" \
        "install it again, name another (CXX=...), or delete $1 if it was configured for one that is gone"
    read -r gnu clang <<<"$said" || true
    if [[ $clang =~ ^[0-9]+$ ]]; then
        [ "$clang" -ge 16 ] || shardtype_refuse "the compiler ${compiler[*]} is clang $clang; needed is g++ 12," \
            "clang 16 or newer: name one (CXX=...), with a new build folder"
    elif ! [[ $gnu =~ ^[0-9]+$ ]] || [ "$gnu" -lt 12 ]; then
        shardtype_refuse "the compiler ${compiler[*]} is g++ $gnu; needed is g++ 12, clang 16 or newer: name one" \
            "(CXX=...), with a new build folder"
    fi
}
