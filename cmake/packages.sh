# Sourced by cmake/setup.sh: the Debian packages that the two commands need, and how those that are missing get there.
# shellcheck disable=SC2034,SC2154  # the lists are named indirectly; setup.sh and requirements.sh set the others

# package|why|command or header by which it is known elsewhere|least version
shardtype_runtime_packages=(
    "g++|the C++20 compiler (with GNU OpenMP, which oneDNN runs on)|g++|4:12"
    "cmake|the build|cmake|3.25"
    "ninja-build|runs the build|ninja|"
    "libboost-dev|Boost.Hana, the compile-time layers|boost/hana.hpp|"
    "libdnnl-dev|oneDNN, matrix products|oneapi/dnnl/dnnl.h|"
    "libthrust-dev|Thrust on the host, elementwise work and reductions|thrust/version.h|"
    "libxsimd-dev|vector code that needs no compiler flags|xsimd/xsimd.hpp|"
    "librandom123-dev|counter-based random numbers|Random123/philox.h|"
    "libcli11-dev|the programs' options|CLI/CLI.hpp|"
    "libtomlplusplus-dev|the programs' TOML files|toml++/toml.h|"
    "nlohmann-json3-dev|the programs' records, the tests' reference data|nlohmann/json.hpp|"
)
shardtype_bench_packages=(
    "libbenchmark-dev|Google Benchmark, for bench/|benchmark/benchmark.h|"
)
shardtype_test_packages=(
    "doctest-dev|the test programs|doctest/doctest.h|"
    "git|the test that fetches this project into another|git|"
    "coinor-cbc|solves integer programs, which the planner's plans are held against|cbc|"
)
shardtype_mpi_packages=(
    "libopenmpi-dev|Open MPI, for ranks that are processes|mpicxx|"
    "openmpi-bin|mpirun|mpirun|"
)

# What was measured on Debian 12 with g++ 12, and some more: a whole build folder, and the largest compile's memory.
shardtype_runtime_disk_mib=20 shardtype_runtime_memory_mib=1100
shardtype_bench_disk_mib=60 shardtype_bench_memory_mib=1100
shardtype_test_disk_mib=100 shardtype_test_memory_mib=1400
shardtype_mpi_disk_mib=100 shardtype_mpi_memory_mib=1400
shardtype_temporary_mib=100  # what compilers and tests keep in TMPDIR meanwhile

shardtype_absent=""  # where packages cannot be asked for: headers that the compiler does not find

# shardtype_packages GROUP...
shardtype_packages() {
    local group entry entries installed missing=() name tool
    for group in "$@"; do
        entries="shardtype_${group}_packages[@]"
        missing+=("${!entries}")
    done
    entries=("${missing[@]}")
    missing=()
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        shardtype_packages_elsewhere "${entries[@]}"
        return
    fi
    # a package of two architectures has two lines
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${entries[@]%%|*}" 2>/dev/null) || true
    for entry in "${entries[@]}"; do
        IFS='|' read -r name _ tool _ <<<"$entry"
        if grep -qxF "$name installed" <<<"$installed"; then continue; fi
        if [[ $tool != *[./]* ]] && command -v "$tool" >/dev/null; then continue; fi
        missing+=("$entry")
    done
    [ ${#missing[@]} -eq 0 ] || shardtype_install "${missing[@]}"
}

# Not Debian: only what is surely missing ends the run here, for CMake may find headers that the compiler does not.
shardtype_packages_elsewhere() {  # ENTRY...
    local entry name why tool tools=""
    for entry in "$@"; do
        IFS='|' read -r name why tool _ <<<"$entry"
        if [[ $tool != *[./]* ]]; then
            command -v "$tool" >/dev/null || tools+=${tools:+, }"$tool ($why)"
        elif ! command -v "${CXX:-g++}" >/dev/null || ! "${CXX:-g++}" -x c++ -fsyntax-only - 2>/dev/null \
            <<<"$(printf '#if !__has_include(<%s>)\n#error\n#endif' "$tool")"; then
            shardtype_absent+=${shardtype_absent:+, }"<$tool> ($name in Debian)"
        fi
    done
    [ -z "$tools" ] || shardtype_refuse "missing: $tools${shardtype_absent:+, $shardtype_absent};" \
        "this is no Debian, so install them yourself"
}

shardtype_say_packages() {  # ENTRY...
    local entry name why
    shardtype_note "installs with apt-get:"
    for entry in "$@"; do
        IFS='|' read -r name why _ <<<"$entry"
        shardtype_note "$(printf '  %-20s %s' "$name" "$why")"
    done
}

shardtype_apt() {  # ARGUMENT...: in English, asks nothing
    "${as_root[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::http::Timeout=30 \
        -o Acquire::https::Timeout=30 -o APT::Update::Error-Mode=any "$@" </dev/null 2>&1
}

# Says how far apt-get is, and passes on what is for its log.
shardtype_apt_progress() {  # WORD
    local line percent next=25
    while IFS= read -r line; do
        case $line in
            dlstatus:* | pmstatus:*)
                IFS=: read -r _ _ percent _ <<<"$line"
                while [ "${percent%.*}" -ge "$next" ] && [ "$next" -lt 100 ]; do
                    shardtype_note "  $1 $next %"
                    next=$((next + 25))
                done
                ;;
            *) printf '%s\n' "$line" ;;
        esac
    done
}

shardtype_apt_refuse() {  # WHAT: with apt-get's own reason, the first that its log has
    local reason
    reason=$(grep -m 1 -E '^(E:|dpkg: error)' "$log" || tail -n 1 "$log")
    case $reason in
        *"Could not get lock"* | *"Unable to acquire"* | *"Unable to lock"*)
            shardtype_refuse "missing: ${names[*]}; another program holds apt's lock (${reason#E: });" \
                "wait for its end, then run this again" ;;
    esac
    shardtype_refuse "missing: ${names[*]}; $1: ${reason:-no reason given}"
}

shardtype_apt_offline() {
    local reason
    reason=$(grep -m 1 -E '^ |^[EW]:' "$log.update" | sed -E 's/^ +//')
    shardtype_refuse "missing: ${names[*]}; the package archive cannot be reached ($reason); connect to the network," \
        "then run this again"
}

# Nothing is changed before all is known to be there: look up, check sizes, download, and only then install.
shardtype_install() {  # ENTRY...
    local names=("${@%%|*}") as_root=() log=$shardtype_scratch/apt.log online=yes said=no
    local install=(install --no-install-recommends --no-remove) entry name least version unknown fetch use
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || shardtype_refuse \
            "packages are missing, you are not root, and there is no sudo; as root: apt-get install ${names[*]}"
        if sudo -n true 2>/dev/null; then as_root=(sudo -n)
        elif [ -t 0 ]; then
            shardtype_say_packages "$@"
            said=yes
            sudo -v || shardtype_refuse "packages are missing and sudo refused; as root: apt-get install ${names[*]}"
            as_root=(sudo)
        else
            shardtype_refuse "packages are missing, sudo asks for a password, and there is no terminal to ask on;" \
                "as root: apt-get install ${names[*]}"
        fi
    fi

    : >"$log"
    shardtype_apt update >>"$log" || online=no
    if [ "$online" = no ] && grep -q '^E: .*lock' "$log"; then shardtype_apt_refuse "apt-get update"; fi
    cp "$log" "$log.update"
    : >"$log"
    shardtype_apt "${install[@]}" --assume-no -V "${names[@]}" >>"$log" || true  # no is an error, too
    if grep -q '^E:' "$log"; then
        [ "$online" = yes ] || shardtype_apt_offline
        unknown=$(sed -nE "s/^E: (Unable to locate package|Package) '?([^' ]+)'?( has no installation.*)?$/\2/p" "$log")
        [ -z "$unknown" ] || shardtype_refuse "missing: ${names[*]}; the package archive does not have" \
            "$(paste -sd ' ' <<<"$unknown"): add Debian 12's main archive to apt's sources, or install them yourself"
        shardtype_apt_refuse "apt-get cannot install them"
    fi
    for entry in "$@"; do
        IFS='|' read -r name _ _ least <<<"$entry"
        version=$(sed -n "s/^ *$name (\([^ )]*\).*/\1/p" "$log" | head -n 1)
        if [ -n "$least" ] && [ -n "$version" ] && ! dpkg --compare-versions "$version" ge "$least"; then
            shardtype_refuse "missing: ${names[*]}; the package archive has $name $version, needed is ${least#*:}:" \
                "Debian 12 or newer"
        fi
    done
    read -r fetch use < <(awk 'function mib(n, unit) { sub(/\/.*/, "", unit); gsub(/,/, "", n)
            return int(n * (unit == "GB" ? 1000 : unit == "MB" ? 1 : 0) + 0.5) }
        /^Need to get / { fetch = mib($4, $5) }
        /^After this operation, .* will be used/ { use = mib($4, $5) }
        END { print fetch + 0, use + 0 }' "$log") || true
    shardtype_need_disk /var/cache/apt/archives "$fetch" "packages to download"
    shardtype_need_disk /usr "$use" "packages to install"

    : >"$log"
    # Without the archive, all may still lie here already.
    if [ "$online" = no ]; then
        shardtype_apt "${install[@]}" -y --download-only --no-download "${names[@]}" >>"$log" || shardtype_apt_offline
    fi
    [ "$said" = yes ] || shardtype_say_packages "$@"
    shardtype_note "  ($fetch MB to download, $use MB when installed)"
    shardtype_apt "${install[@]}" -o APT::Status-Fd=1 -y --download-only "${names[@]}" |
        shardtype_apt_progress downloaded >>"$log" || shardtype_apt_refuse "apt-get could not download them"
    shardtype_note "  downloaded"
    # Interrupted, dpkg would leave packages half installed: it ends first, in a session that Ctrl-C does not reach.
    (
        trap '' INT TERM HUP
        as_root+=(setsid --wait)
        shardtype_apt "${install[@]}" -o APT::Status-Fd=1 -y --no-download "${names[@]}" |
            shardtype_apt_progress installed >>"$log"
    ) || shardtype_apt_refuse "apt-get could not install them"
    shardtype_note "  installed"
}
