#!/usr/bin/env bash
# usage: check_mpi_failure.sh MPIRUN_SCRIPT PROGRAM   (tests/comm/mpi_failure.cpp)
# Whatever a rank does, all processes end within the deadline, with a line that says why and an exit code that is not 0.
set -euo pipefail
mpirun=$1 program=$2 failures=0
export SHARDTYPE_DEADLINE=3 SHARDTYPE_CHECK_COLLECTIVES=1

# way MODE EXPECTED LINE...: a line of the output holds each; "0" expects success
way() {
    local mode=$1 begin=$SECONDS status=0 said line
    shift
    said=$(timeout -k 5 60 bash "$mpirun" 3 "$program" "$mode" 2>&1 </dev/null) || status=$?
    for line in "$@"; do
        grep -qF -- "$line" <<<"$said" && continue
        printf '%s: no line holds\n  %s\nin\n%s\n' "$mode" "$line" "$said"
        failures=$((failures + 1))
    done
    if [ "$mode" = well ]; then
        [ "$status" -eq 0 ] || { echo "$mode: exit code $status"; failures=$((failures + 1)); }
    elif [ "$status" -eq 0 ] || [ "$status" -eq 124 ]; then
        echo "$mode: exit code $status after $((SECONDS - begin)) s"
        failures=$((failures + 1))
    elif [ $((SECONDS - begin)) -gt 30 ]; then
        echo "$mode: it took $((SECONDS - begin)) s"
        failures=$((failures + 1))
    fi
}

four='rank 0 of the group is in all_reduce(slot 1, f32, count 4, sum)'
way well 'all well'
way count "mismatched collectives: $four, rank 2 in all_reduce(slot 1, f32, count 3, sum)"
way kind "mismatched collectives: $four, rank 2 in all_gather(slot 1, f32, outer 1, block 4)"
way type "mismatched collectives: $four, rank 2 in all_reduce(slot 1, i32, count 4, sum)"
way returns "mismatched collectives: $four, rank 2 in barrier"
way throws 'error: rank 2 on host' ': the disk is full'
way stops 'of the world has waited 3 s for rank 2 on host' 'no sign of life from rank 2 on host'
way chain 'no sign of life from rank 2 on host'  # whoever waits for rank 1, which waits itself, names rank 2
way killed
SHARDTYPE_DEADLINE=never way deadline 'SHARDTYPE_DEADLINE is "never": it is a number of seconds above 0'

if [ "$failures" -gt 0 ]; then
    echo "$failures failures"
    exit 1
fi
echo "10 ways to end: every process ended within 30 s, and said why"
