#!/usr/bin/env bash
# usage: check_paths.sh REPOSITORY
# No file that is, or would be, committed names a path of one machine. Temporary files: mktemp, temp_directory_path().
set -euo pipefail
cd "$1"
pattern='(^|[^[:alnum:]_.}/*-])/(work|tmp|home|root|mnt|farm|Users|scratch)(/|["'\'' ]|$)'
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    list() { git ls-files -z --cached --others --exclude-standard; }
else
    list() { find . -path ./build -prune -o -path ./.git -prune -o -type f -print0; }
fi
if list | { xargs -0 grep -sHnIE -- "$pattern" || [ $? -eq 123 ]; } | grep .; then
    echo "the lines above name a path of one machine"
    exit 1
fi
if grep -rnE '@[A-Z]+@' README.md docs --include='*.md'; then
    echo "the lines above are not filled in"
    exit 1
fi
echo "$(list | tr -cd '\0' | wc -c) files name no path of one machine"
