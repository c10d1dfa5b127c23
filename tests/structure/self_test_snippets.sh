#!/usr/bin/env bash
# usage: self_test_snippets.sh
# Does check_snippets.sh fail when it should, and mend what it can?
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0 checks=0

printf '%s\n' 'int before;' '    //! [body]' '    int a;' '' '        int b;' \
    '    //! [inner]' '    int c;' '    //! [inner]' '    //! [body]' '//! [half]' 'int after;' >"$folder/code.cpp"
printf '%s\n' one two three >"$folder/printed.expected"

# page LINE...: the page to check; expect EXIT_CODE TEXT [--update]
page() { printf '%s\n' "$@" >"$folder/page.md"; }
expect() {
    local status=0 said
    said=$(bash "$here/check_snippets.sh" "${@:3}" "$folder" page.md 2>&1) || status=$?
    checks=$((checks + 1))
    if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" <<<"$said"; then
        echo "wanted exit code $1 and '$2', got $status and: $said"
        failures=$((failures + 1))
    fi
}

body='<!-- snippet: code.cpp body -->'
page "$body" '```cpp' 'int a;' '' '    int b;' 'int c;' '```' 'Text.' '```sh' 'make' '```' \
    '   <!-- snippet: code.cpp inner -->' '   ```cpp' '   int c;' '   ```' \
    '<!-- output: printed.expected -->' '```text' one two three '```' \
    '<!-- output: printed.expected 2-3 -->' '```text' two three '```'
expect 0 '4 blocks'
page "$body" '```cpp' 'int a;' '' '    int b;' 'int d;' '```'
expect 1 'page.md:7: the block from line 2 is not code.cpp body'
page "$body" '```cpp' 'int a;' '' '    int b;' 'int c;' 'int c;' '```'
expect 1 'the block from line 2'
page "$body" '```cpp' 'int a;' '' '     int b;' 'int c;' '```'
expect 1 'the block from line 2'
page '<!-- snippet: code.cpp nothing -->' '```cpp' 'int a;' '```'
expect 1 'code.cpp has 0 lines `//! [nothing]`, not 2'
expect 1 'code.cpp has 0 lines' --update
page '<!-- snippet: code.cpp half -->' '```cpp' 'int after;' '```'
expect 1 'code.cpp has 1 lines'
page '<!-- snippet: none.cpp body -->' '```cpp' 'int a;' '```'
expect 1 'none.cpp cannot be read'
page 'Text.' '```cpp' 'int a;' '```'
expect 1 'page.md:2: a cpp block without its snippet marker'
page 'Text.' '```c++' 'int a;' '```'
expect 1 'a c++ block without'
page 'Text.' '```text' 'one' '```'
expect 1 'a text block without its output marker'
page "$body" 'A line between.' '```cpp' 'int a;' '```'
expect 1 'no block follows the marker'
page '```sh' 'make' '```' "$body"
expect 1 'no block follows the last marker'
page '<!-- snippet: code.cpp -->' '```cpp' 'int a;' '```'
expect 1 'a marker is'
page '<!-- output: printed.expected 2-4 -->' '```text' two three '```'
expect 1 'has no such lines: 2-4'
page '<!-- output: code.cpp 1-1 -->' '```text' 'int before;' '```'
expect 1 'is no .expected file'
page "$body" '```cpp' 'int a;'
expect 1 'does not end'

page 'Before.' "$body" '```cpp' 'old' '```' 'After.'
expect 0 'updated' --update
expect 0 '1 blocks'
[ "$(head -n 1 "$folder/page.md") $(tail -n 1 "$folder/page.md")" = 'Before. After.' ] ||
    { echo 'the rest changed'; exit 1; }

[ "$failures" -eq 0 ] || exit 1
echo "$checks checks of check_snippets.sh hold"
