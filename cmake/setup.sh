# Sourced by examples/run.sh and tests/run.sh: says which Debian packages are missing and why they are needed, and
# installs those only. Does nothing where all are there.

# package|why
shardtype_runtime_packages=(
    "g++|the C++20 compiler (with GNU OpenMP, which oneDNN runs on)"
    "cmake|the build"
    "ninja-build|runs the build"
    "libboost-dev|Boost.Hana, the compile-time layers"
    "libdnnl-dev|oneDNN, matrix products"
    "libthrust-dev|Thrust on the host, elementwise work and reductions"
    "libxsimd-dev|vector code that needs no compiler flags"
    "librandom123-dev|counter-based random numbers"
    "libcli11-dev|the programs' options"
)
shardtype_test_packages=(
    "doctest-dev|the test programs"
    "nlohmann-json3-dev|reads the tests' reference data"
    "libbenchmark-dev|Google Benchmark, for bench/"
)

# shardtype_setup runtime|test...: exits 1 with one line if something is missing and cannot be installed
shardtype_setup() {
    local group package entry entries names=() missing=() as_root=() log
    command -v dpkg-query >/dev/null || { echo "set-up: not a Debian system, nothing checked"; return 0; }
    for group in "$@"; do
        local -n entries="shardtype_${group}_packages"
        for entry in "${entries[@]}"; do
            package=${entry%%|*}
            if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
                missing+=("$entry")
                names+=("$package")
            fi
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then as_root=(sudo)
        else
            echo "set-up: missing: ${names[*]} (install them as root: apt-get install ${names[*]})" >&2
            exit 1
        fi
    fi
    echo "set-up: installs with apt-get:"
    for entry in "${missing[@]}"; do printf '  %-20s %s\n' "${entry%%|*}" "${entry#*|}"; done
    log=$(mktemp)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >"$log" 2>&1 || true
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${names[@]}" 2>&1 |
        tee -a "$log" | sed -u -nE 's/^(Need to get .*|Setting up ([^ ]+)).*/  \1/p'; then
        echo "set-up: missing: ${names[*]}; apt-get could not install them: $(grep -m 1 '^E:' "$log" || echo "see $log")" >&2
        exit 1
    fi
    rm -f "$log"
}

# shardtype_build BUILD_DIR TARGET [CMAKE_ARGUMENT...]: configures (quietly unless it fails) and builds with progress
shardtype_build() {
    local build=$1 target=$2 log
    shift 2
    log=$(mktemp)
    echo "configure: $build"
    if ! cmake -S . -B "$build" -G Ninja "$@" >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
    rm -f "$log"
    echo "build: $target"
    cmake --build "$build" --target "$target" --parallel "$(nproc)" -- -k 0  # all errors, not the first
}
