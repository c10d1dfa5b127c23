# Doxygen's input filter: puts a header into the group of its layer, its folder. Lines keep their numbers.
BEGIN {
    layer = ARGV[1]
    sub(/.*shardtype\//, "", layer)
    layer = layer ~ /\// ? substr(layer, 1, index(layer, "/") - 1) : ""
}
FNR == 1 && layer != "" { print "#pragma once  //!@addtogroup " layer; next }
FNR == 2 && layer != "" { $0 = "//!@{ \n" $0 }
{ print }
END { if (layer != "") print "//!@}" }
