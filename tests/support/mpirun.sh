#!/usr/bin/env bash
# usage: mpirun.sh N PROGRAM [ARGUMENT...]
# Starts N processes on this machine, by Open MPI or MPICH ($MPIRUN, else mpirun), though it may have fewer cores.
# The exit code is mpirun's.
set -euo pipefail
mpirun=${MPIRUN:-mpirun} count=$1
shift
flags=()
if [[ $("$mpirun" --version 2>/dev/null) =~ Open\ MPI|OpenRTE ]]; then  # mpirun's and mpiexec's word
    flags=(--oversubscribe --bind-to none)
    [ "$(id -u)" -ne 0 ] || flags+=(--allow-run-as-root)
fi
exec "$mpirun" "${flags[@]}" -n "$count" "$@"
