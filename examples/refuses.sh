#!/usr/bin/env bash
# usage: refuses.sh TRAIN_LLAMA
# Wrong flags end with exit code 2, unusable data and a full disk with 1, each with one line that names them.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
: >"$folder/empty.txt"
echo short >"$folder/short.txt"
head -c 4096 /dev/zero >"$folder/zeros.txt"

refuses() {  # CODE TEXT ARGUMENT...
    local code=$1 text=$2 status=0 said
    shift 2
    said=$("$program" "$@" 2>&1 >/dev/null) || status=$?
    [ "$status" -eq "$code" ] || { echo "$*: exit code $status, not $code: $said"; exit 1; }
    [ "$(wc -l <<<"$said")" -eq 1 ] || { echo "$*: more than one line: $said"; exit 1; }
    grep -qF -- "$text" <<<"$said" || { echo "$*: '$text' is not in: $said"; exit 1; }
}
refuses 2 'pipeline' --layout pipeline
refuses 2 '--steps' --steps 0
refuses 2 '--steps' --steps many
refuses 2 '--seed' --seed -1
refuses 2 '--nonsense' --nonsense
refuses 1 'missing.txt' --dataset "$folder/missing.txt"
refuses 1 'empty.txt' --dataset "$folder/empty.txt"
refuses 1 'short.txt' --dataset "$folder/short.txt"
refuses 1 'zeros.txt' --dataset "$folder/zeros.txt"

status=0
said=$("$program" --layout single --steps 1 2>&1 >/dev/full) || status=$?
[ "$status" -eq 1 ] && [[ $said == *"standard output"* ]] || { echo "a full disk: exit code $status: $said"; exit 1; }
echo "10 refusals"
