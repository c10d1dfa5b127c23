#!/usr/bin/env bash
# usage: run_case.sh COMPILER FILE [INCLUDE_DIR|-FLAG...]
#
# A case is a source file that uses ST_TOKEN(wrong, right) exactly once, both single tokens. With `wrong` it must not
# compile and the compiler must print every text of its `// expect: text` lines; with `right`, the control, it must
# compile. So what the compiler objects to is that one token. `// expect-gcc:` and `// expect-clang:` are for texts
# that only one of the two prints.
set -euo pipefail
export LC_ALL=C

compiler=$1 file=$2
shift 2
name=$(basename "$file")
die() { echo "$name: $*"; exit 1; }

if [[ $("$compiler" --version) == *clang* ]]; then
    family=clang flags=(-fno-caret-diagnostics -fno-color-diagnostics)
else
    family=gcc flags=(-fno-diagnostics-show-caret -fdiagnostics-color=never)
fi
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

log=$(mktemp)
trap 'rm -f "$log"' EXIT
compile() { "$compiler" -std=c++20 -fsyntax-only "${flags[@]}" "-DST_TOKEN(wrong_,right_)=$1" "$file" >"$log" 2>&1; }

compile right_ || { head -n 30 "$log"; die "the control ($right) does not compile"; }
if compile wrong_; then die "the case ($wrong) compiles"; fi
if grep -qiE 'internal compiler error|please submit a (full )?bug report|segmentation fault' "$log"; then
    head -n 30 "$log"
    die "the compiler crashed"
fi
grep -q 'error: ' "$log" || { head -n 30 "$log"; die "the compiler failed without an error"; }
for text in "${expected[@]}"; do
    grep -qF -- "$text" "$log" || { head -n 30 "$log"; die "not printed: $text"; }
done
echo "$name: refuses $wrong, takes $right, prints ${#expected[@]} expected text(s)"
