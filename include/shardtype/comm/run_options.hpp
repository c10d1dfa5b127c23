#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace shardtype::detail {

/// `deadline` and `check` of `o`, or what SHARDTYPE_DEADLINE and SHARDTYPE_CHECK_COLLECTIVES say.
/// @throws std::invalid_argument for a value that is none
template <class Options>
Options with_environment(Options o) {
    if (char const* const text = std::getenv("SHARDTYPE_DEADLINE")) {
        char* end = nullptr;
        o.deadline = std::strtod(text, &end);
        if (end == text || *end != '\0' || !(o.deadline > 0 && o.deadline < 1e6))
            throw std::invalid_argument(std::string("SHARDTYPE_DEADLINE is \"") + text +
                                        "\": it is a number of seconds above 0");
    }
    if (char const* const text = std::getenv("SHARDTYPE_CHECK_COLLECTIVES")) {
        if ((*text != '0' && *text != '1') || text[1] != '\0')
            throw std::invalid_argument(std::string("SHARDTYPE_CHECK_COLLECTIVES is \"") + text + "\": it is 0 or 1");
        o.check = *text == '1';
    }
    return o;
}

}  // namespace shardtype::detail
