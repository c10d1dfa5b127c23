#pragma once

#include <shardtype/train/file.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace shardtype {

/// The two kinds of llm.c token files: 256 little-endian int32 (magic, version, number of tokens, zeros),
/// then the tokens.
enum class token_width : unsigned char { uint16 = 2, uint32 = 4 };

/// A token file in memory.
struct token_shard {
    static_assert(std::endian::native == std::endian::little, "the file format is little-endian");
    /// The file's header.
    /// @{
    static constexpr std::int32_t magic_uint16 = 20240520;
    static constexpr std::int32_t version_uint16 = 1;
    static constexpr std::int32_t magic_uint32 = 20240801;
    static constexpr std::int32_t version_uint32 = 7;
    static constexpr std::size_t header_bytes = 256 * sizeof(std::int32_t);
    /// @}

    token_width width = token_width::uint16;  ///< bytes of a token in the file
    std::vector<std::uint32_t> tokens;        ///< in order

    /// Whether the file begins with one of the two magic numbers.
    static bool recognises(const std::filesystem::path& path) {
        if (detail::file_length(path) < sizeof(std::int32_t)) return false;
        std::ifstream in = detail::open_file(path);
        std::int32_t magic = 0;
        detail::read_exactly(in, reinterpret_cast<char*>(&magic), sizeof magic, path);
        return magic == magic_uint16 || magic == magic_uint32;
    }

    /// Throws std::runtime_error (path and values in it) unless magic, version and length are all right.
    static token_shard read(const std::filesystem::path& path) {
        const std::uint64_t length = detail::file_length(path);
        if (length < header_bytes)
            detail::file_error(
                path, "a token shard begins with 1024 bytes of header, this file has " + std::to_string(length));
        std::ifstream in = detail::open_file(path);
        std::array<std::int32_t, 256> header{};
        detail::read_exactly(in, reinterpret_cast<char*>(header.data()), header_bytes, path);
        if (header[0] != magic_uint16 && header[0] != magic_uint32)
            detail::file_error(
                path, "magic number " + std::to_string(header[0]) + " is not a token shard's (20240520 or 20240801)");
        token_shard shard;
        shard.width = header[0] == magic_uint16 ? token_width::uint16 : token_width::uint32;
        const std::int32_t version = header[0] == magic_uint16 ? version_uint16 : version_uint32;
        if (header[1] != version)
            detail::file_error(path, "version " + std::to_string(header[1]) + " of a token shard, expected " +
                                         std::to_string(version));
        const std::uint64_t bytes = length - header_bytes;
        if (header[2] < 0 || static_cast<std::uint64_t>(header[2]) * static_cast<unsigned>(shard.width) != bytes)
            detail::file_error(path, "says " + std::to_string(header[2]) + " tokens of " +
                                         std::to_string(static_cast<unsigned>(shard.width)) + " bytes, but has " +
                                         std::to_string(bytes) + " bytes of them");
        shard.tokens.resize(static_cast<std::size_t>(header[2]));
        if (shard.width == token_width::uint32) {
            detail::read_exactly(in, reinterpret_cast<char*>(shard.tokens.data()), bytes, path);
        } else {
            std::vector<std::uint16_t> narrow(shard.tokens.size());
            detail::read_exactly(in, reinterpret_cast<char*>(narrow.data()), bytes, path);
            shard.tokens.assign(narrow.begin(), narrow.end());
        }
        return shard;
    }

    /// Throws std::runtime_error if a token does not fit the width or the file cannot be written.
    void write(const std::filesystem::path& path) const {
        if (tokens.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
            detail::file_error(path, std::to_string(tokens.size()) + " tokens do not fit one shard (2^31 - 1)");
        const bool narrow = width == token_width::uint16;
        std::array<std::int32_t, 256> header{};
        header[0] = narrow ? magic_uint16 : magic_uint32;
        header[1] = narrow ? version_uint16 : version_uint32;
        header[2] = static_cast<std::int32_t>(tokens.size());
        std::string body(tokens.size() * static_cast<unsigned>(width), '\0');
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            if (narrow && tokens[i] > 0xffff)
                detail::file_error(
                    path, "token " + std::to_string(tokens[i]) + " at " + std::to_string(i) + " does not fit 16 bits");
            std::memcpy(body.data() + i * static_cast<unsigned>(width), &tokens[i], static_cast<unsigned>(width));
        }
        detail::write_file(path, {reinterpret_cast<const char*>(header.data()), header_bytes}, body);
    }
};

}  // namespace shardtype
