#!/bin/sh
# usage: flatten.sh SOURCE_DIR VERSION OUTPUT
# Writes shardtype/shardtype.hpp with everything that it includes from this library as one header; the standard library
# and Boost.Hana stay #includes. POSIX sh and awk only.
set -eu
[ $# -eq 3 ] || { echo "usage: flatten.sh SOURCE_DIR VERSION OUTPUT" >&2; exit 2; }
source=$1 version=$2 output=$3
partial=$output.partial
trap 'rm -f "$partial"' EXIT

{
    echo "// Shardtype $version, the compile-time layers in one file, made by cmake/flatten.sh from include/shardtype/."
    echo "// Not to be mixed with the separate headers in one translation unit."
    echo "//"
    sed 's|^|// |; s| *$||' "$source/LICENSE"
    echo
    # A guard and not #pragma once: Compiler Explorer pastes a header included by URL into the main file.
    echo "#ifndef SHARDTYPE_SINGLE_HPP"
    echo "#define SHARDTYPE_SINGLE_HPP"
    awk -v root="$source/include" '
        function stop(message) { print "flatten.sh: " message > "/dev/stderr"; failed = 1; exit 1 }

        function out(line) {
            if (line != "" || last != "") print line
            last = line
        }

        # Everything after `file` is local, so that an include can be followed in the middle of a file.
        function emit(file,    path, line, status, name, nesting) {
            seen[file] = 1
            path = root "/" file
            nesting = 0
            out("")
            out("// " file)
            last = ""
            while ((status = (getline line < path)) > 0) {
                if (line ~ /^#pragma once/ || line ~ /^[ \t]*\/\/! \[/) continue
                if (line ~ /^[ \t]*#[ \t]*if/) nesting++
                if (line ~ /^[ \t]*#[ \t]*endif/) nesting--
                if (line ~ /^[ \t]*#[ \t]*include/) {
                    if (!match(line, /<[^>]+>/)) stop(file ": only #include <...> can be flattened: " line)
                    name = substr(line, RSTART + 1, RLENGTH - 2)
                    if (nesting > 0) stop(file ": an #include under an #if cannot be flattened: " line)
                    if (name in seen) continue
                    if (name ~ /^shardtype\//) { emit(name); continue }
                    seen[name] = 1
                }
                out(line)
            }
            if (status < 0) stop("cannot read " path)
            close(path)
        }
        BEGIN { emit("shardtype/shardtype.hpp") }
        END { exit failed }'
    echo
    echo "#endif  // SHARDTYPE_SINGLE_HPP"
} >"$partial"
mv "$partial" "$output"
