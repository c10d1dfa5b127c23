#!/usr/bin/env bash
# usage: check_output.sh TRAIN_LLAMA EXPECTED DATA
# Three steps on a fixed text: every line as expected, with what depends on the machine as #, and losses to two decimals.
set -euo pipefail
"$1" --dataset "$3" --steps 3 |
    sed -E -e 's/[0-9]+ CPUs/# CPUs/; s/ from .*;/ from #;/; s/peak [0-9]+ /peak # /; s/%\)  tps:.*/%)  tps: #/; s/\([0-9.]+%\)/(#%)/' \
        -e 's/^performed .* of the/performed # of the/; s/(flops\)); the machine was busy.*/\1/; s/(difference.*): (.*e-(0[6-9]|[1-9][0-9])|0.0e[+]00)$/\1: below 1e-5/' \
        -e 's/^(dp_shard|tp)(.*[0-9])  +[0-9,]+ ( +[0-9.]+ MiB) +[0-9.]+$/\1\2 #\3 #/' \
        -e 's/([0-9]\.[0-9]{2})[0-9]{2}\b/\1/g' | diff "$2" -
