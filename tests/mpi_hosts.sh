#!/usr/bin/env bash
# usage: bash tests/mpi_hosts.sh [PROGRAM]      (default: the program runtime_mpi of the build folder, built if missing)
#
# Trains on two and on four hosts over TCP, and cuts one off in mid-step. The hosts are network namespaces of this
# machine, joined by veth and a bridge in a namespace of their own: nothing outside them is reached, and nothing is left
# when this ends. Wants root (or user namespaces' root), iproute2, util-linux and Open MPI.
# Exit code: 0; 1 where a check fails; 77, with a line that says why, where namespaces are not allowed.
#
#   SHARDTYPE_BUILD_DIR=FOLDER  where it was built (default: build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit
fi

skip() { echo "skipped: $*"; exit 77; }
fail() { echo "tests/mpi_hosts.sh: $*" >&2; exit 1; }

if [ -z "${SHARDTYPE_HOSTS_INSIDE:-}" ]; then
    for tool in ip unshare mpirun; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
    [[ $(mpirun --version 2>/dev/null) == *"Open MPI"* ]] || skip "mpirun is not Open MPI's"
    reason=$(unshare --net --mount --pid --fork --uts --mount-proc bash -c '
        mount -t tmpfs tmpfs /run && ip netns add a && ip link add v type veth peer name w netns a &&
        ip link add name hub type bridge && ip link set v master hub' 2>&1) ||
        skip "this machine allows no namespaces of one's own: ${reason%%$'\n'*}"
    program=${1:-${SHARDTYPE_BUILD_DIR:-build}/tests/runtime_mpi}
    if [ $# -eq 0 ] && [ ! -x "$program" ]; then cmake --build "${SHARDTYPE_BUILD_DIR:-build}" --target runtime_mpi >&2; fi
    [ -x "$program" ] || fail "$program: no program; build the target runtime_mpi"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    # In process, mount and network namespaces of its own: all that runs there ends with it.
    SHARDTYPE_HOSTS_INSIDE=$scratch unshare --net --mount --pid --fork --kill-child --mount-proc \
        bash "$0" "$(realpath "$program")"
    exit
fi

program=$1 scratch=$SHARDTYPE_HOSTS_INSIDE ranks=8
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add name hub type bridge
ip link set hub up
{ echo "127.0.0.1 localhost"; for h in 1 2 3 4; do echo "10.77.0.$h host$h"; done; } >"$scratch/hosts"
mount --bind "$scratch/hosts" /etc/hosts
for h in 1 2 3 4; do
    ip netns add "host$h"
    ip link add "port$h" type veth peer name eth0 netns "host$h"
    ip link set "port$h" master hub up
    ip -n "host$h" address add "10.77.0.$h/24" dev eth0
    ip -n "host$h" link set lo up
    ip -n "host$h" link set eth0 up
done

# on HOST COMMAND...: on that host, under its name
cat >"$scratch/on" <<'END'
#!/usr/bin/env bash
host=$1
shift
exec ip netns exec "$host" unshare --uts bash -c 'hostname "$1"; shift; eval "exec $*"' - "$host" "$@"
END
# Every rank's errors go to a file: those of a host that is cut off reach nobody.
cat >"$scratch/rank" <<'END'
#!/usr/bin/env bash
exec "$@" 2>"$SHARDTYPE_SAID.$OMPI_COMM_WORLD_RANK"
END
chmod +x "$scratch/on" "$scratch/rank"

# start HOSTS SECONDS ARGUMENT...: mpirun on host1, its ranks on the first HOSTS hosts
start() {
    local hosts=$1 deadline=$2 h
    shift 2
    rm -f "$scratch"/said.*
    for ((h = 1; h <= hosts; ++h)); do echo "host$h slots=$((ranks / hosts))"; done >"$scratch/hostfile"
    exec "$scratch/on" host1 env HOME="$scratch" TMPDIR="$scratch" OMP_NUM_THREADS=1 SHARDTYPE_DEADLINE="$deadline" \
        SHARDTYPE_SAID="$scratch/said" mpirun --allow-run-as-root --oversubscribe --bind-to none \
        --hostfile "$scratch/hostfile" --mca plm_rsh_agent "$scratch/on" --mca btl tcp,vader,self \
        --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        -x SHARDTYPE_DEADLINE -x SHARDTYPE_SAID -x OMP_NUM_THREADS -n "$ranks" "$scratch/rank" "$program" "$@"
}
crossed() { cat "/sys/class/net/port$1/statistics/rx_bytes" 2>/dev/null || ip -s -j link show "port$1" | sed -E 's/.*"rx":\{"bytes":([0-9]+).*/\1/'; }
running() { pgrep -cf "^$program" || true; }
tell() { cat "$scratch"/out "$scratch"/said.* 2>/dev/null >&2 || true; }

for hosts in 2 4; do
    before=$(crossed "$hosts") begin=$SECONDS
    (start "$hosts" 120 same) >"$scratch/out" 2>&1 || { tell; fail "$hosts hosts: mpirun's exit code is $?"; }
    after=$(crossed "$hosts")
    grep -q '^same: ' "$scratch/out" && ! grep -q '^DIFFERENT' "$scratch/out" || { tell; fail "$hosts hosts: other losses"; }
    [ $((after - before)) -gt 1000000 ] || fail "$hosts hosts: only $((after - before)) bytes crossed the wire of host$hosts"
    echo "$hosts hosts, $ranks ranks: losses as of 8 threads, bit by bit, in $(grep -c '^same: ' "$scratch/out") jobs;" \
        "$(((after - before) / 1000000)) MB came from host$hosts, $((SECONDS - begin)) s"
done

deadline=6
for hosts in 2 4; do
    (start "$hosts" "$deadline" train 100000000) >"$scratch/out" 2>&1 &
    run=$!
    for ((i = 0; i < 600; ++i)); do
        if grep -q '^step 20 ' "$scratch/out"; then break; fi
        kill -0 "$run" 2>/dev/null || { tell; fail "$hosts hosts: the run ended before it was cut off"; }
        sleep 0.1
    done
    [ "$(running)" -eq "$ranks" ] || { tell; fail "$hosts hosts: $(running) ranks run before the cut"; }
    ip link set "port$hosts" down
    begin=$(date +%s%N)
    until [ "$(running)" -eq 0 ] || [ $(($(date +%s%N) - begin)) -gt 30000000000 ]; do sleep 0.1; done
    took=$((($(date +%s%N) - begin) / 100000000))
    [ "$(running)" -eq 0 ] || { tell; fail "$hosts hosts: $(running) ranks still run 30 s after host$hosts was cut off"; }
    # The deadline is of one wait: it begins when a rank first misses its peer, and a busy machine is late to tell.
    [ "$took" -le $(((deadline + 5) * 10)) ] || { tell; fail "$hosts hosts: the ranks took $took tenths of a second to end"; }
    lost=$((ranks - ranks / hosts))  # the first rank of the host that was cut off
    here=0 there=0
    for ((r = 0; r < ranks; ++r)); do
        said=$(cat "$scratch/said.$r")
        if [ "$r" -lt "$lost" ]; then
            if grep -q "^error: rank $r on host host.*no sign of life from rank $lost on host host$hosts" <<<"$said"; then
                here=$((here + 1)); fi
        elif grep -q "^error: rank $r on host host$hosts: .*no sign of life from rank 0 on host host1" <<<"$said"; then
            there=$((there + 1))
        fi
    done
    [ "$here" -gt 0 ] || { tell; fail "$hosts hosts: no rank names rank $lost on host$hosts alone as lost"; }
    [ "$there" -gt 0 ] || { tell; fail "$hosts hosts: no rank on host$hosts says that the others are lost"; }
    echo "$hosts hosts, host$hosts cut off: all $ranks ranks ended $((took / 10)).$((took % 10)) s later (deadline" \
        "$deadline s); $here ranks on the others name rank $lost, $there ranks on host$hosts name the others"
    grep -h "^error: rank" "$scratch"/said.* | head -n 1
    for process in "$run" $(pgrep -x orted) $(pgrep -x mpirun); do kill -9 "$process" 2>/dev/null || true; done
    wait "$run" 2>/dev/null || true
    ip link set "port$hosts" up
done
echo "tests/mpi_hosts.sh: all passed"
