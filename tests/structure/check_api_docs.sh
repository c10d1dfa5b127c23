#!/usr/bin/env bash
# usage: check_api_docs.sh REPOSITORY
# The API's pages are made without a warning. Then the check itself: a public name without documentation, an unknown
# error number and an example that is not there must each fail, and be named.
set -euo pipefail
if ! command -v doxygen >/dev/null; then
    echo "skipped: doxygen is not installed, so the documentation of the API was not checked"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bash "$1/docs/api.sh" "$folder/api"
for page in index.html group__mesh.html structshardtype_1_1mesh.html errors.html search/search.js; do
    [ -s "$folder/api/$page" ] || { echo "no page $page"; exit 1; }
done
grep -q 'grid::coordinate' "$folder/api/structshardtype_1_1mesh.html" || { echo "no example on the page of mesh"; exit 1; }

mkdir -p "$folder/small/include/shardtype/base"
cp -r "$1/docs" "$1/examples" "$folder/small"
cp "$1/include/shardtype/base/code.hpp" "$folder/small/include/shardtype/base"
printf '%s\n' '/**' '@defgroup base base' '@brief Small.' '@namespace shardtype' '@brief All.' '*/' >"$folder/small/docs/layers.dox"
# refused TEXT LINE...: a header of these lines in the namespace; an empty TEXT: it is fine
refused() {
    local status=0 said wanted=0
    [ -z "$1" ] || wanted=1
    { printf '%s\n' '#pragma once' '' 'namespace shardtype {' '' "${@:2}" '' '}  // namespace shardtype'; } \
        >"$folder/small/include/shardtype/base/x.hpp"
    said=$(bash "$folder/small/docs/api.sh" "$folder/small_api" 2>&1) || status=$?
    if [ "$status" -ne "$wanted" ] || ! grep -qF -- "$1" <<<"$said"; then
        echo "wanted exit code $wanted and '$1', got $status and: $said"
        exit 1
    fi
}
refused '' '/// A sum. @pre ST-M001' '/// @snippet 01_mesh_and_tensor.cpp mesh' 'int sum(int a, int b);'
refused 'sum' 'int sum(int a, int b);'
refused 'b' '/// A sum.' '/// @param a a summand' 'int sum(int a, int b);'
refused 'ST_M999' '/// A sum. @pre ST-M999' 'int sum(int a, int b);'
refused 'no_such_region' '/// A sum.' '/// @snippet 01_mesh_and_tensor.cpp no_such_region' 'int sum(int a, int b);'
refused 'no_such_file' '/// A sum.' '/// @snippet no_such_file.cpp mesh' 'int sum(int a, int b);'
refused 'count' '/// A pair.' 'struct pair {' '    int count;' '};'
echo "the API's pages have no warning; six faults are refused"
