#!/usr/bin/env bash
# usage: self_test.sh COMPILER
# Does run_case.sh pass a good case, and fail each kind of bad one for its own reason?
set -euo pipefail

compiler=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# check EXIT_CODE TEXT: runs the case given on standard input
check() {
    local status=0 output
    cat >"$folder/case.cpp"
    output=$(bash "$here/run_case.sh" "$compiler" "$folder/case.cpp" "$folder" 2>&1) || status=$?
    if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" <<<"$output"; then
        echo "wanted exit code $1 and '$2', got $status and: $output"
        failures=$((failures + 1))
    fi
}

check 0 'refuses 3, takes 4' <<'CASE'
// expect: 10 rows
static_assert(ST_TOKEN(3, 4) % 2 == 0, "10 rows do not split");
CASE
check 0 'prints 2 expected' <<'CASE'
// expect: not the same
// expect-gcc: error
// expect-clang: error
// expect-nvcc: error
template <class A, class B> struct same { static_assert(sizeof(A) == sizeof(B), "not the same"); };
same<int, ST_TOKEN(char, int)> value;
CASE
check 1 'the control (5) does not compile' <<'CASE'
// expect: odd
static_assert(ST_TOKEN(3, 5) % 2 == 0, "odd");
CASE
check 1 'the case (2) compiles' <<'CASE'
// expect: odd
static_assert(ST_TOKEN(2, 4) % 2 == 0, "odd");
CASE
check 1 'not printed: even' <<'CASE'
// expect: odd
// expect: even
static_assert(ST_TOKEN(3, 4) % 2 == 0, "odd");
CASE
# The text stands in the source only: an echoed source line must not satisfy the match.
check 1 'not printed: a comment' <<'CASE'
// expect: a comment
static_assert(ST_TOKEN(3, 4) % 2 == 0, "odd"); /* a comment */
CASE
check 1 'not on the first screen: late' < <(
    printf '// expect: late\nstatic_assert(ST_TOKEN(3, 4) %% 2 == 0, "%05000d late");\n' 0
)
check 1 '2 errors are printed, not 1' <<'CASE'
// expect: odd
constexpr int n = ST_TOKEN(3, 4);
static_assert(n % 2 == 0, "odd");
static_assert(n % 2 == 0, "odd again");
CASE
check 1 "no '// expect: text' line" <<'CASE'
static_assert(ST_TOKEN(3, 4) % 2 == 0, "odd");
CASE
check 1 "'1 + 2' is not a single token" <<'CASE'
// expect: odd
static_assert((ST_TOKEN(1 + 2, 4)) % 2 == 0, "odd");
CASE
check 1 "'' is not a single token" <<'CASE'
// expect: odd
static_assert(3 ST_TOKEN(, +) 1 == 4, "odd");
CASE
check 1 'exactly once, not 2' <<'CASE'
// expect: odd
static_assert(ST_TOKEN(3, 4) % ST_TOKEN(2, 4) == 0, "odd");
CASE
check 1 'exactly once, not 0' <<'CASE'
// expect: odd
static_assert(3 % 2 == 0, "odd");
CASE
check 1 'the same token' <<'CASE'
// expect: odd
static_assert(ST_TOKEN(3, 3) % 2 == 0, "odd");
CASE

[ "$failures" -eq 0 ] || exit 1
echo "run_case.sh tells 2 good cases and 12 bad ones apart"
