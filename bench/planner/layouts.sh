#!/usr/bin/env bash
# usage: bash bench/planner/layouts.sh [--measure] [OPTION...]
#
# Is the planner right about this machine? Measures it as 8 thread ranks see it (build/planner/this_machine.hpp, once),
# then trains the debug model under 24 uniform layouts in turns, and prints a table: predicted and measured step time of
# each, Spearman's rank correlation, and what the layout with the best prediction takes over the best that was measured.
# Half an hour on two cores, 15 GiB of memory; run nothing beside it.
#
#   --measure            measure the machine again
#   --seconds S          begin no round of all layouts that would end later (default: 1200)
#   --interval PERCENT   stop when no layout's 95 % interval is wider (default: 2)
#   --save FILE          write the times of all rounds there
#   --load FILE          read them from there instead of training
#   --only TEXT          of the layouts with this in their names
#   --profile            instead: predicted and measured milliseconds by kernel
#   --help               this
#   SHARDTYPE_BUILD_DIR=FOLDER  where to build (default: build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/setup.sh
shardtype_begin bench/planner/layouts.sh

measure=false options=()
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) shardtype_help bench/planner/layouts.sh && exit ;;
        --measure) measure=true && shift ;;
        --profile) options+=("$1") && shift ;;
        --seconds | --interval | --save | --load | --only)
            [ -n "${2:-}" ] || shardtype_refuse "$1: a value is missing"
            options+=("$1" "$2") && shift 2 ;;
        *) shardtype_refuse "there is no option $1; see --help" ;;
    esac
done
shardtype_setup runtime bench
header=$shardtype_build_dir/planner/this_machine.hpp
mkdir -p "${header%/*}"
if [ "$measure" = true ] || [ ! -e "$header" ]; then
    shardtype_build measure_machine -DSHARDTYPE_BUILD_BENCH=ON
    "$shardtype_build_dir/bench/measure_machine" --output "$header" >&2
fi
shardtype_build planner_layouts -DSHARDTYPE_BUILD_BENCH=ON
"$shardtype_build_dir/bench/planner_layouts" "${options[@]}"
