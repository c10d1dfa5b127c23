#!/usr/bin/env bash
# usage: check_cuda.sh NVCC HEADER|FILE.cu INCLUDE_DIR...
# A header, or a file, compiles as CUDA. Needs the toolkit, no GPU.
set -euo pipefail
nvcc=$1 what=$2
shift 2
if ! command -v "$nvcc" >/dev/null; then
    echo "skipped: nvcc is not installed, so $what was not compiled as CUDA"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
case $what in
*.cu) file=$what ;;
*) file=$folder/header.cu && echo "#include <$what>" >"$file" ;;
esac
"$nvcc" -std=c++20 "${@/#/-I}" -c -o "$folder/out.o" "$file"
echo "$(basename "$what") compiles as CUDA: $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\).*/nvcc \1/p')"
