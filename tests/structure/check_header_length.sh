#!/usr/bin/env bash
# usage: check_header_length.sh INCLUDE_ROOT
# Warns over 250 lines, fails over 400: a header holds one concept.
set -euo pipefail
failures=0
while read -r header; do
    lines=$(wc -l <"$header")
    if [ "$lines" -gt 400 ]; then
        echo "too long: $header ($lines lines, at most 400)"
        failures=$((failures + 1))
    elif [ "$lines" -gt 250 ]; then
        echo "warning: $header has $lines lines (aim at 250)"
    fi
done < <(find "$1" -name '*.hpp' -o -name '*.cuh' -o -name '*.h' | sort)
[ "$failures" -eq 0 ]
