#pragma once

#include <string>
#include <vector>

#include "layout_spec.hpp"
#include "settings.hpp"

/// A layout that is compiled into this program.
struct compiled_layout {
    layout_spec spec;
    long arena_bytes = 0;  ///< of one rank
};

/// How this program was built, for the line that adds a layout to it.
struct build_info {
    std::string source, binary;                   ///< CMake's folders
    std::string added;                            ///< by -DSHARDTYPE_TRAIN_LLAMA_LAYOUTS=
    std::string (*fault)(layout_spec const& of);  ///< why the compiler would refuse a layout; empty if it would not
};

/// A layout that the compiler would take, but has not seen.
struct not_compiled : usage_error {
    using usage_error::usage_error;
};

/// The compiled layouts that the settings ask for, as places in `compiled`; `with.layout` has their full names then.
/// @throws usage_error naming the flag; not_compiled with the CMake line that adds a layout
std::vector<int> choose_layouts(settings& with, std::vector<compiled_layout> const& compiled, build_info const& build);

/// A mesh with what the settings say of batch and knobs. @throws usage_error where the batch does not divide over it
layout_spec with_knobs(settings with, layout_spec const& mesh);

/// What `--help` says of them.
std::string layouts_help(std::vector<compiled_layout> const& compiled);
