#!/usr/bin/env bash
# usage: run_case.sh COMPILER FILE [INCLUDE_DIR|-FLAG...]
#
# A case is a source file that uses ST_TOKEN(wrong, right) exactly once, both single tokens. With `wrong` it must not
# compile and the compiler must print every text of its `// expect: text` lines; with `right`, the control, it must
# compile. So what the compiler objects to is that one token. `// expect-gcc:`, `// expect-clang:` and `// expect-nvcc:`
# are for texts that only one of them prints. One mistake prints one error (`// errors: N` where the program itself asks
# for more), and each text on the first screen: within 30 lines of 150 columns.
set -euo pipefail
export LC_ALL=C

compiler=$1 file=$2
shift 2
name=$(basename "$file")
die() { echo "$name: $*"; exit 1; }

case $("$compiler" --version) in
*clang*) family=clang flags=(-fsyntax-only -fno-caret-diagnostics -fno-color-diagnostics) ;;
*NVIDIA*) family=nvcc flags=(-cuda -o /dev/null) ;;
*) family=gcc flags=(-fsyntax-only -fno-diagnostics-show-caret -fdiagnostics-color=never) ;;
esac
for argument in "$@"; do
    case $argument in -*) flags+=("$argument") ;; *) flags+=("-I$argument") ;; esac
done

mapfile -t expected < <(sed -nE "s|^[[:space:]]*// expect(-$family)?: *(.*[^[:space:]])[[:space:]]*\$|\2|p" "$file")
[ ${#expected[@]} -gt 0 ] || die "no '// expect: text' line"

code=$(sed 's|//.*||' "$file")
uses=$(grep -o 'ST_TOKEN' <<<"$code" | wc -l) || true
[ "$uses" -eq 1 ] || die "ST_TOKEN must be used exactly once, not $uses times"
use=$(sed -nE 's/.*ST_TOKEN\(([^()]*)\).*/\1/p' <<<"$code")
case $use in *,*,*) die "ST_TOKEN($use) must have two arguments" ;; *,*) ;; *) die "ST_TOKEN needs (wrong, right)" ;; esac
trim() { sed -E 's/^[[:space:]]+|[[:space:]]+$//g' <<<"$1"; }
wrong=$(trim "${use%%,*}") right=$(trim "${use#*,}")
token="^([A-Za-z_][A-Za-z0-9_]*|[.]?[0-9][A-Za-z0-9_.']*|[-+*/%&|^!=<>~.:]|==|!=|<=|>=|&&|[|][|]|<<|>>|->|::)\$"
for one in "$wrong" "$right"; do
    [[ $one =~ $token ]] || die "'$one' is not a single token"
done
[ "$wrong" != "$right" ] || die "wrong and right are the same token"

errors=$(sed -n 's|^// errors: *||p' "$file")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
log=$folder/log
compile() {
    local source=$folder/case.cpp
    [ "$family" != nvcc ] || source=$folder/case.cu flags[2]=$folder/out
    printf '#define ST_TOKEN(wrong_, right_) %s\n#line 1 "%s"\n' "$1" "$name" | cat - "$file" >"$source"
    "$compiler" -std=c++20 "${flags[@]}" -I"$(dirname "$file")" "$source" >"$log" 2>&1
}

compile right_ || { head -n 30 "$log"; die "the control ($right) does not compile"; }
if compile wrong_; then die "the case ($wrong) compiles"; fi
if grep -qiE 'internal compiler error|please submit a (full )?bug report|segmentation fault' "$log"; then
    head -n 30 "$log"
    die "the compiler crashed"
fi
# nvcc echoes the source whatever one says, and writes longs as 4L.
[ "$family" != nvcc ] || { grep -E 'error: | error |instantiation of' "$log" | sed -E 's/([0-9])L/\1/g' >"$folder/own" || true; mv "$folder/own" "$log"; }
printed=$(grep -c 'error: ' "$log") || { head -n 30 "$log"; die "the compiler failed without an error"; }
[ "$printed" -eq "${errors:-1}" ] || { head -n 30 "$log"; die "$printed errors are printed, not ${errors:-1}"; }
screen=$(fold -w 150 "$log" | head -n 30 | tr -d '\n')
for text in "${expected[@]}"; do
    grep -qF -- "$text" "$log" || { head -n 30 "$log"; die "not printed: $text"; }
    [[ $screen == *"$text"* ]] || { head -n 30 "$log"; die "not on the first screen: $text"; }
done
echo "$name: refuses $wrong, takes $right, prints ${#expected[@]} expected text(s) on the first screen"
