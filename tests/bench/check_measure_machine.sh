#!/usr/bin/env bash
# usage: check_measure_machine.sh MEASURE_MACHINE CXX SOURCE
# Refusals are one line and leave no file; the header that it writes compiles alone, is a value that a job can name, and
# is written again from its own values byte by byte.
set -euo pipefail
program=$1 compiler=$2 source=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
fail() { printf '%s\n' "$*" && failed=1; }

refuses() {  # CODE WORDS ARGUMENT...
    local code=$1 words=$2 got=0
    shift 2
    "$program" "$@" >"$folder/out" 2>"$folder/err" || got=$?
    [ "$got" = "$code" ] || fail "measure_machine $*: exit code $got instead of $code"
    [ "$(wc -l <"$folder/err")" = 1 ] && [ ! -s "$folder/out" ] || fail "measure_machine $*: not one line on stderr"
    grep -qF -- "$words" "$folder/err" || fail "measure_machine $*: does not say '$words': $(cat "$folder/err")"
}
refuses 2 "--ranks: '3' is not a power of two" --ranks 3
refuses 2 "--ranks: '0' is not a number from 1 to 256" --ranks 0
refuses 2 "--ranks: '' is not a number" --ranks
refuses 2 "--seconds: '5s' is not a number" --seconds 5s
refuses 2 "--output: a path is missing" --output
refuses 2 "there is no option --output=x" --output=x
refuses 1 "--output $folder/none/x.hpp: cannot be written: No such file" --output "$folder/none/x.hpp"
refuses 1 "--output $folder: cannot be written: Is a directory" --output "$folder"
[ -z "$(find "$folder" -name '*unfinished*')" ] || fail "a refusal leaves a file"
"$program" --help | grep -q '^usage: measure_machine' || fail "--help has no usage line"

"$program" --ranks 2 --seconds 1 --output "$folder/this_machine.hpp" >"$folder/out" 2>"$folder/err" ||
    { cat "$folder/err"; fail "measure_machine --ranks 2 fails"; exit 1; }
cat >"$folder/uses.cpp" <<'END'
#include "this_machine.hpp"

#include <shardtype/plan/job_faults.hpp>
namespace st = shardtype;
struct job {
    static constexpr auto hardware = st::this_machine;
};
template <st::hardware H>
struct of {
    static constexpr long flops = H.f32_flops;
};
static_assert(of<job::hardware>::flops > 1'000'000'000 && job::hardware.name[4] == '_');
static_assert(job::hardware.devices_per_node == 2 && !job::hardware.overlaps);
static_assert(job::hardware.measured->in_node.reduce[0].bandwidth > 1'000'000);
static_assert(st::fault_of(job::hardware) == st::hardware_fault::none);
static_assert(job::hardware.matmul_efficiency > 100 && job::hardware.launch > 0);
END
"$compiler" -std=c++20 -Wall -Wextra -fsyntax-only -I"$source/include" "$folder/uses.cpp" || fail "the header is no use"
cat >"$folder/again.cpp" <<'END'
#include <cstdio>
#include "machine_header.hpp"
#include "this_machine.hpp"
int main() {
    auto const& h = shardtype::this_machine;
    std::fputs(machine::header_text(h, {"again"}).c_str(), stdout);
    return machine::name_of(h) != h.name;
}
END
"$compiler" -std=c++20 -I"$source/include" -I"$source/bench/hardware" -I"$folder" "$folder/again.cpp" -o "$folder/again"
"$folder/again" >"$folder/again.hpp" || fail "the header's name is not that of its values"
diff <(grep -v '^//' "$folder/this_machine.hpp") <(grep -v '^//' "$folder/again.hpp") ||
    fail "the header does not come back"
exit $failed
