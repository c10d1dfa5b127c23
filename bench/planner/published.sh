#!/usr/bin/env bash
# usage: bash bench/planner/published.sh [--markdown | --detail | --check]     CXX: the compiler
# Predicted against published step times and memory; the constants are fitted on each run, on the rows that it marks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-g++}" -std=c++20 -O1 -I"$here/../../include" "$here/published.cpp" -o "$work/published"
"$work/published" "$@"
