# Doxygen's input filter. It lets the headers stay short:
# - a header stands in the group of its layer, its folder (docs/layers.dox);
# - `detail` is left out;
# - an error's number is a link to its entry in docs/errors.md: an unknown number is an error here;
# - what every operation, kernel and layer has is documented here, once;
# - several declarators in one line share their comment (Doxygen gives it to the first).
# Lines keep their numbers.

function say(text) { if (comment == "") $0 = "/** " text " */" $0 }

FNR == 1 {
    errors_page = FILENAME ~ /errors\.md$/
    layer = FILENAME
    sub(/.*shardtype\//, "", layer)
    layer = layer ~ /\.hpp$/ && layer ~ /\// ? substr(layer, 1, index(layer, "/") - 1) : ""
}

errors_page { if (FNR == 1) $0 = $0 " {#errors}"; if ($0 ~ /^## [A-Z][0-9][0-9][0-9]$/) $0 = $0 " {#ST_" $2 "}"; print; next }

/\/\/\// {
    done = ""
    while (match($0, /ST-[A-Z][0-9][0-9][0-9]/)) {
        number = substr($0, RSTART, RLENGTH)
        done = done substr($0, 1, RSTART - 1) "@ref ST_" substr(number, 4) " \"" number "\""
        $0 = substr($0, RSTART + RLENGTH)
    }
    $0 = done $0
}
# An example is a paragraph of its own (an alias of docs/Doxyfile).
/\/\/\/ @snippet / { sub(/@snippet /, "@shown{"); sub(/ [a-z_]+$/, ",&}"); sub(/, /, ",") }
# The numbers behind the codes are comments of a form that tests/structure/check_errors.sh reads.
match($0, /\/\/ [A-Z][0-9][0-9][0-9]$/) {
    number = substr($0, RSTART + 3)
    $0 = substr($0, 1, RSTART - 1) "///< @ref ST_" number " \"ST-" number "\""
}

layer != "" && /^namespace .* \{$/ && !/detail/          { $0 = $0 " /** @addtogroup " layer " */ /** @{ */" }
layer != "" && /^\}  \/\/ namespace / && !/detail/        { $0 = "/** @} */ " $0 }
/^namespace shardtype::inline literals/ { sub(/inline /, "") }  # Doxygen takes it for a name
/^namespace .*detail \{$/           { $0 = $0 " /** @cond */" }
/^\}  \/\/ namespace .*detail$/     { $0 = "/** @endcond */ " $0 }

/^ +static constexpr char const\* name = /     { say("What schedules and messages call it.") }
/^ +static constexpr rule value/               { say("What is legal, what comes out and what the gradients are.") }
/^ +static constexpr short read\(graph& g, /   { say("Reads the layer into `g`. @return the value that it makes of the value given") }
/^ +using axis = Axis;$/                       { say("The mesh axis.") }
/^ +static constexpr role value = /            { say("What the axis is used for.") }
/^inline constexpr [a-z_]+ [a-z_]+<.*> = .*;$/ { say("For these arguments.") }
/^ +static constexpr unsigned reads = .*, writes = / {
    say("Bit mask of the arguments that it reads.")
    sub(/, writes/, "; /** Bit mask of the arguments that it writes. */ static constexpr unsigned writes")
}

/^ +(static constexpr )?(unsigned|short|int|long|double|bool) [a-z_0-9]+( = [^,;(]+)?(, [a-z_0-9]+( = [^,;(]+)?)+;/ {
    text = match($0, /\/\/\/< .*/) ? substr($0, RSTART + 5) : comment
    if (text != "") {
        first = $0
        sub(/,.*/, "", first)
        type = first
        sub(/ [a-z_0-9]+( = .*)?$/, "", type)
        others = substr($0, length(first) + 3)
        sub(/;.*/, "", others)
        gsub(/, /, "; /** " text " */ " type " ", others)
        $0 = (comment == "" ? "/** " text " */ " : "") first "; /** " text " */ " type " " others ";"
    }
}

{ print }
# The documentation that the next line has.
/^ *\/\/\/ / { sub(/^ *\/\/\/ /, ""); comment = $0 !~ /^@[{}]/ ? comment " " $0 : comment; next }
{ comment = "" }
