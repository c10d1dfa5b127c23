#!/usr/bin/env bash
# usage: launchers.sh TRAIN_LLAMA DATA MPIRUN_SCRIPT
# Under mpirun the ranks are processes: the same losses as on threads, output once, refusals once. Launchers that the
# program cannot follow are named. MPIRUN_SCRIPT is empty where TRAIN_LLAMA was built without MPI.
set -euo pipefail
program=$1 data=$2 mpirun=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
wrong=0

# refuses TEXT COMMAND...: exit code 2, nothing on standard output, and one line of ours, which has TEXT
refuses() {
    local text=$1 status=0
    shift
    timeout -k 5 100 "$@" >out 2>err </dev/null || status=$?
    if [ "$status" -eq 2 ] && [ ! -s out ] && [ "$(grep -c '^train_llama: ' err)" -eq 1 ] &&
        grep '^train_llama: ' err | grep -qF -- "$text"; then return; fi
    wrong=$((wrong + 1))
    echo "$*: exit code $status (wanted 2), once '$text' wanted in: $(head -c 600 err) $(head -c 200 out)"
}

torchrun=(env RANK=0 WORLD_SIZE=8 MASTER_ADDR=localhost MASTER_PORT=29500)
slurm=(env SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=8)
refuses 'torchrun has started 8 processes, but CPU ranks that are processes need MPI' "${torchrun[@]}" "$program"
refuses 'RANK is set, but WORLD_SIZE is not' env RANK=0 "$program"
if [ -z "$mpirun" ]; then
    for by in "Open MPI's mpirun" "MPICH's mpirun" srun; do
        case $by in
        Open*) set -- OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=8 ;;
        MPICH*) set -- PMI_RANK=0 PMI_SIZE=8 ;;
        *) set -- SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=8 ;;
        esac
        refuses "$by has started 8 processes, but this program was built without MPI" env "$@" "$program"
    done
    echo "without MPI: $wrong wrong"
    exit "$wrong"
fi
refuses 'srun has started 8 processes, but MPI sees 1' "${slurm[@]}" "$program"
under() { bash "$mpirun" "$@"; }
refuses "mpirun has started 4: every rank is a process, as in mpirun -n 8" \
    bash "$mpirun" 4 "$program" --layout dp_shard+tp --dataset "$data"
refuses 'compiled for that number: dp_shard=1' bash "$mpirun" 1 "$program" --dataset "$data"
refuses 'tp 3 do not fill --ranks 2' bash "$mpirun" 2 "$program" --dataset "$data" --tensor-parallel-degree 3
refuses "'--step': no such option" bash "$mpirun" 3 "$program" --step 3
refuses 'missing.txt: no such file' bash "$mpirun" 8 "$program" --dataset missing.txt
cat >rank_5.sh <<'SH'
[ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK-}}" != 5 ] || set -- "$@" --steps 0
exec "$@"
SH
refuses '--steps: 0 is not' bash "$mpirun" 8 bash rank_5.sh "$program" --dataset "$data"  # on one process alone
refuses 'no/such/folder' bash "$mpirun" 8 "$program" --dataset "$data" --record no/such/folder/run.toml
refuses '--trace: a trace is of ranks that are threads' bash "$mpirun" 8 "$program" --trace trace.json
refuses 'SHARDTYPE_DEADLINE is "x"' env SHARDTYPE_DEADLINE=x bash "$mpirun" 8 "$program" --dataset "$data"

status=0
under 8 "$program" --dataset "$data" --layout tp --steps 20 --lr 10 --max-norm 1e9 --warmup-steps 0 --eps 1e-30 \
    --weight-decay 10 --beta1 0 --beta2 0 >out 2>err </dev/null || status=$?
if [ "$status" -ne 1 ] || [ "$(grep -c '^train_llama: step .*not finite' err)" -ne 1 ]; then
    echo "a loss that is not finite: exit code $status, $(head -c 400 err)"
    wrong=$((wrong + 1))
fi

# The same run on threads and on processes: every number that does not depend on time or memory, and every line once.
run=(--dataset "$data" --layout dp_shard dp_shard+tp --steps 3 --log-format json --validation-enable
    --validation-fraction 0.4 --validation-freq 2 --seq-len 256)
numbers() { sed -E 's/"(seconds|tokens_per_second[a-z_]*|flops_per_second[a-z_]*|mfu_percent|resident_bytes|memory_bytes|cpus|[a-z]*_flops_per_second)":[^,}]*//g' "$1"; }
"$program" "${run[@]}" --record threads.toml >threads
under 8 "$program" "${run[@]}" --record processes.toml >processes </dev/null
diff <(numbers threads) <(numbers processes) || { echo 'threads (<) and processes (>) differ'; wrong=$((wrong + 1)); }
[ "$(grep -c '"event":"step"' processes)" -eq 6 ] || { echo 'not six steps'; wrong=$((wrong + 1)); }
diff <(grep -E 'losses|layout' threads.toml) <(grep -E 'losses|layout' processes.toml) || wrong=$((wrong + 1))
[ -z "$(find . -name '*.part*')" ] || { echo 'an unfinished record is left'; wrong=$((wrong + 1)); }

echo "$(grep -c '"event":"step"' processes) steps on threads and on processes, $wrong wrong"
[ "$wrong" -eq 0 ]
