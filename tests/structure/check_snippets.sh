#!/usr/bin/env bash
# usage: check_snippets.sh [--update] REPOSITORY FILE.md...
# What documentation shows is what was compiled and run. In FILE.md (a path in the repository)
#   <!-- snippet: PATH NAME -->       stands before every ```cpp block: it is the region NAME of a compiled file, the
#                                     lines between two `//! [NAME]`, without the indentation common to them
#   <!-- output: PATH [FIRST-LAST] -->  stands before every ```text block: it is an .expected file, or these lines of it
# With --update the blocks are rewritten.
set -euo pipefail
export LC_ALL=C
update=0
if [ "${1-}" = --update ]; then update=1; shift; fi
[ $# -ge 2 ] || { echo "usage: check_snippets.sh [--update] REPOSITORY FILE.md..." >&2; exit 2; }
cd "$1"
shift
rewritten=$(mktemp)
trap 'rm -f "$rewritten"' EXIT

blocks=0 wrong=0
for file in "$@"; do
    [ -r "$file" ] || { echo "$file cannot be read"; exit 1; }
    : >"$rewritten"
    # Writes the file with right blocks to `to`, prints what is wrong, and at last the number of blocks.
    status=0
    said=$(awk -v to="$rewritten" -v update="$update" '
        function fault(text) { print FILENAME ":" FNR ": " text; bad = 1 }
        function put(line) { print line > to }

        # The lines of a region or an output, joined, with `indent` before each; "" after a fault.
        function wanted(    path, name, line, lines, inside, marks, first, last, n, common, i, text, range) {
            path = mark[2]; name = mark[3]
            if (mark[1] == "output" && path !~ /\.expected$/) { fault(path " is no .expected file"); return "" }
            if ((getline line < path) < 0) { fault(path " cannot be read"); return "" }
            first = 1; last = 1e9; common = 1e9; marks = 0; inside = mark[1] == "output"; n = 0; i = 0
            if (inside && name != "") {
                if (name !~ /^[0-9]+-[0-9]+$/) { fault("lines are FIRST-LAST, not " name); close(path); return "" }
                split(name, range, "-"); first = range[1] + 0; last = range[2] + 0
            }
            do {
                i++
                if (mark[1] == "snippet" && line ~ /^[ \t]*\/\/! \[[^]]*\][ \t]*$/) {
                    if (index(line, "[" name "]")) { marks++; inside = !inside }
                    continue
                }
                if (!inside || i < first || i > last) continue
                lines[++n] = line
                if (line ~ /[^ \t]/ && match(line, /^ */) && RLENGTH < common) common = RLENGTH
            } while ((getline line < path) > 0)
            close(path)
            if (mark[1] == "snippet" && marks != 2) {
                fault(path " has " marks " lines `//! [" name "]`, not 2"); return ""
            }
            if (mark[1] == "output") common = 0
            if (n == 0 || (mark[1] == "output" && last < 1e9 && i < last)) {
                fault(path " has no such lines: " name); return ""
            }
            for (i = 1; i <= n; i++) {
                line = substr(lines[i], common + 1)
                text = text (line == "" ? "" : indent line) "\n"
            }
            return text
        }

        !inside && /^[ \t]*<!-- *(snippet|output):/ {
            if (marked) fault("no block follows the marker before this line")
            line = $0
            gsub(/^[ \t]*<!-- *| *-->[ \t]*$/, "", line)
            count = split(line, mark, /[: ]+/)
            if (count < 2 || count > 3 || (mark[1] == "snippet" && count != 3) || $0 !~ /-->[ \t]*$/)
                fault("a marker is <!-- snippet: PATH NAME --> or <!-- output: PATH [FIRST-LAST] -->")
            if (count < 3) mark[3] = ""
            marked = FNR
            put($0)
            next
        }
        !inside && /^[ \t]*(```|~~~)/ {
            match($0, /^[ \t]*/); indent = substr($0, 1, RLENGTH)
            language = substr($0, RLENGTH + 1); fence = substr(language, 1, 3)
            gsub(/^[`~]+[ \t]*|[ \t].*$/, "", language)
            inside = 1; content = ""; opened = FNR
            code = tolower(language) ~ /^(c|cpp|c\+\+|cxx|cc|hpp|cuda|cu)$/
            kind = code ? "snippet" : language == "text" ? "output" : ""
            checked = kind != ""
            if (checked && (!marked || mark[1] != kind)) {
                fault("a " language " block without its " kind " marker")
                checked = 0
            }
            if (marked && kind == "") fault("the marker before this block is for code or text")
            marked = 0
            put($0)
            next
        }
        inside && /^[ \t]*(```|~~~)[ \t]*$/ && index($0, fence) {
            inside = 0
            if (checked) {
                blocks++
                right = wanted()
                if (right != "" && right != content && !update)
                    fault("the block from line " opened " is not " mark[2] " " mark[3] "; --update makes it so")
                if (right != "") content = right
            }
            printf "%s", content > to
            put($0)
            next
        }
        inside { content = content $0 "\n"; next }
        { if (marked) { fault("no block follows the marker before this line"); marked = 0 } put($0) }
        END {
            if (marked) fault("no block follows the last marker")
            if (inside) fault("the block from line " opened " does not end")
            print blocks + 0
            exit bad
        }' "$file") || status=$?
    count=${said##*$'\n'}
    [[ $count =~ ^[0-9]+$ ]] || { echo "$file: $said"; exit 1; }
    blocks=$((blocks + count))
    if [ "$status" -ne 0 ]; then
        printf '%s\n' "${said%$'\n'*}"
        wrong=1
    elif [ "$update" -eq 1 ] && ! cmp -s "$rewritten" "$file"; then
        cat "$rewritten" >"$file"
        echo "$file: updated"
    fi
done
[ "$wrong" -eq 0 ] || exit 1
echo "$blocks blocks are what was compiled and printed"
