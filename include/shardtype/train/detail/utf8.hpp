#pragma once

#include <cstddef>
#include <span>

namespace shardtype::detail {

/// The offset of the first byte that begins no well-formed UTF-8 sequence (RFC 3629), or the size.
inline std::size_t first_bad_utf8(std::span<char const> text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t at = 0;
    while (at < text.size()) {
        unsigned const first = byte(at);
        std::size_t const length = first < 0x80   ? 1
                                   : first < 0xc2 ? 0
                                   : first < 0xe0 ? 2
                                   : first < 0xf0 ? 3
                                   : first < 0xf5 ? 4
                                                  : 0;
        if (length == 0 || text.size() - at < length) return at;
        for (std::size_t i = 1; i < length; ++i) {
            // After four of the first bytes the second has a smaller range: no overlong forms, surrogates, or beyond 10ffff.
            unsigned const low = i == 1 && first == 0xe0 ? 0xa0 : i == 1 && first == 0xf0 ? 0x90 : 0x80;
            unsigned const high = i == 1 && first == 0xed ? 0x9f : i == 1 && first == 0xf4 ? 0x8f : 0xbf;
            if (byte(at + i) < low || byte(at + i) > high) return at;
        }
        at += length;
    }
    return at;
}

}  // namespace shardtype::detail
