#!/usr/bin/env bash
# usage: bash bench/planner/ilp.sh [--seconds N] [CASE]      e.g. bash bench/planner/ilp.sh '8B, 8 layouts'
#
# The exact search and an integer linear program (cbc, Debian's coinor-cbc, which is installed if it is missing) on the
# same chains, each at several budgets: one Markdown table, row by row; with CASE only the chains whose names have it.
# The program is stated in two ways, by runs of equal layers and by positions; cbc stops at a proof (both gaps 0) or
# after N seconds (default: 30), and then no row is called equal for it. Milliseconds are the best of five searches,
# seconds are cbc's whole process. All plans are added up again in whole numbers.
# Exit code 1 if any two differ.
#
#   --help  this
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source cmake/setup.sh
shardtype_begin bench/planner/ilp.sh

seconds=30
case ${1:-} in
    --help | -h) shardtype_help bench/planner/ilp.sh && exit ;;
    --seconds) seconds=${2:-} && shift $(($# < 2 ? $# : 2)) ;;
    -*) shardtype_refuse "no option is called $1; see --help" ;;
esac
[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || shardtype_refuse "--seconds needs a number from 1 to 999999, not '$seconds'"

# shellcheck disable=SC2034  # named indirectly
shardtype_ilp_packages=(
    "g++|the C++20 compiler|g++|4:12"
    "libboost-dev|Boost.Hana, the compile-time layers|boost/hana.hpp|"
    "coinor-cbc|cbc, which solves the integer programs|cbc|"
)
shardtype_packages ilp
shardtype_note "compiles bench/planner/ilp.cpp"
"${CXX:-g++}" -std=c++20 -O2 -Iinclude bench/planner/ilp.cpp -o "$shardtype_scratch/ilp"
printf 'Machine: %s, %s CPUs. cbc %s, one thread, at most %s s.\n\n' \
    "$(sed -n 's/^model name[[:space:]]*: //p;' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(cbc -quit | sed -n 's/^Version: *\([^ ]*\).*/\1/p')" "$seconds"
"$shardtype_scratch/ilp" "$shardtype_scratch" "$seconds" "${1:-}"
