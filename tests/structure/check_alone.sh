#!/usr/bin/env bash
# usage: check_alone.sh COMPILER HEADER INCLUDE_DIR...
# A header has #pragma once and compiles as the only include of a file, twice, without warnings.
set -euo pipefail
compiler=$1 header=$2
shift 2
grep -qx '#pragma once' "$1/$header" || { echo "$header: no #pragma once"; exit 1; }
printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
    "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
        -DTHRUST_HOST_SYSTEM=THRUST_HOST_SYSTEM_CPP -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP \
        "${@/#/-I}" -x c++ -
