#!/usr/bin/env bash
# usage: check_mpi_failure.sh MPIRUN_SCRIPT PROGRAM   (tests/runtime/mpi.cpp, a mesh of 2 x 4)
# A mesh of another size than was started, and a rank that throws in a step: one line, an exit code that is not 0.
set -euo pipefail
mpirun=$1 program=$2

# refused RANKS LINE TIMES ARGUMENT...
refused() {
    local ranks=$1 line=$2 times=$3 status=0 said
    shift 3
    said=$(timeout -k 5 120 bash "$mpirun" "$ranks" "$program" "$@" 2>&1 </dev/null) || status=$?
    if [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || [ "$(grep -cE -- "$line" <<<"$said")" -ne "$times" ]; then
        printf '%s ranks, %s: exit code %s, and not %s times\n  %s\nin\n%s\n' "$ranks" "$*" "$status" "$times" "$line" "$said"
        exit 1
    fi
}

refused 4 '^error: the mesh has 8 ranks \(2 x 4\), but MPI has started 4: start as many as the mesh has, as in mpirun -n 8$' \
    1 train 2
refused 9 '^error: the mesh has 8 ranks \(2 x 4\), but MPI has started 9:' 1 train 2
refused 8 '^error: rank 5 on host .*: the corpus ends at row 7$' 1 throw 2
SHARDTYPE_DEADLINE=-1 refused 8 '^error: SHARDTYPE_DEADLINE is "-1": it is a number of seconds above 0$' 1 train 2
echo "4 failures, each told once"
