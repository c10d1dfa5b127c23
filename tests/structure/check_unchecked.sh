#!/usr/bin/env bash
# usage: check_unchecked.sh REPOSITORY
# The library uses no escape hatch of its own: nothing under include/ names `unchecked::` or calls one of its functions,
# except the two headers that define them. Then the check itself: a header that uses one is found.
set -euo pipefail
export LC_ALL=C
cd "$1"
defining='^include/shardtype/(rules/unchecked|ops/view_unchecked)\.hpp:'
names='unchecked::|replicate_to_invariant|invariant_to_partial|shard_to_partial|replicate_to_partial_as_is'
uses() { grep -rnE "$names" "$1" --include='*.hpp' --include='*.cuh' | grep -vE "$defining" || true; }

found=$(uses include)
if [ -n "$found" ]; then
    echo "$found"
    echo "the library itself uses an escape hatch at the lines above"
    exit 1
fi
grep -qE 'constexpr auto replicate_to_invariant' include/shardtype/rules/unchecked.hpp ||
    { echo "include/shardtype/rules/unchecked.hpp defines no escape hatch: is this check out of date?"; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/include/shardtype/rules"
echo 'constexpr auto y = unchecked::assume<whole>(x);' >"$folder/include/shardtype/rules/planted.hpp"
[ -n "$(cd "$folder" && uses include)" ] || { echo "a planted use was not found"; exit 1; }
echo "the library uses no escape hatch"
