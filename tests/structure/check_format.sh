#!/usr/bin/env bash
# usage: check_format.sh REPOSITORY [FILE...]
# clang-format changes nothing in the C++ files (default: all that are, or would be, committed). Exit code 77: not checked.
set -euo pipefail
cd "$1"
shift
version=14  # Debian 12's; others lay some lines out differently
tool=$(command -v "clang-format-$version" || command -v clang-format || true)
found=$("${tool:-true}" --version | sed -n 's/.*clang-format version \([0-9]*\).*/\1/p')
if [ "$found" != "$version" ]; then
    echo "skipped: clang-format $version is needed (Debian package clang-format-$version), found: ${found:-none}"
    exit 77
fi
if [ $# -gt 0 ]; then
    files=("$@")
elif git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp' '*.cu' | sort -u)
else
    mapfile -t files < <(find include examples tests bench -name '*.cpp' -o -name '*.hpp' -o -name '*.cu' | sort)
fi
wrong=0 checked=0
for file in "${files[@]}"; do
    [ -f "$file" ] || continue  # deleted, not yet committed
    checked=$((checked + 1))
    "$tool" "$file" | cmp -s "$file" - || { echo "not as clang-format writes it: $file" && wrong=$((wrong + 1)); }
done
if [ "$wrong" -gt 0 ]; then
    echo "$wrong of $checked files; repair: $(basename "$tool") -i FILE"
    exit 1
fi
echo "$checked files are as clang-format $version writes them"
