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

/// The compiled layouts that the settings ask for, as places in `compiled`; their names are `with.layout` then. `added`: what CMake was told to add.
/// @throws usage_error naming the flag, and for a layout that is not compiled the CMake line that adds it
std::vector<int> choose_layouts(settings& with, std::vector<compiled_layout> const& compiled, std::string const& added);

/// What `--help` says of them.
std::string layouts_help(std::vector<compiled_layout> const& compiled);
