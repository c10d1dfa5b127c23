#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace shardtype::detail {

/// A character from outside, fit for one line of a message: itself, or \xNN if it is a control character or above `last`.
inline void append_printable(std::string& out, char c, unsigned char last = 0xff) {
    constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f && byte <= last)
        out += c;
    else
        (((out += "\\x") += digits[byte >> 4]) += digits[byte & 15]);
}

/// A name from outside, fit for one line of a message: quoted, its characters by append_printable, cut at 120 bytes.
/// (Not called quoted: a call would find std::quoted too.)
inline std::string printable(std::string_view name, unsigned char last = 0xff) {
    constexpr std::size_t longest = 120;
    std::string out = "'";
    for (const char c : name.substr(0, longest)) append_printable(out, c, last);
    return out += name.size() > longest ? "...'" : "'";
}

/// `path: what`, the form of every message about a file.
[[noreturn]] inline void file_error(const std::filesystem::path& path, const std::string& what) {
    throw std::runtime_error(path.string() + ": " + what);
}

/// The length of a regular file in bytes; throws if there is none at that path.
inline std::uint64_t file_length(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) file_error(path, "no such file");
    if (!std::filesystem::is_regular_file(status)) file_error(path, "not a regular file");
    const std::uintmax_t length = std::filesystem::file_size(path, error);
    if (error) file_error(path, "cannot read its length: " + error.message());
    return static_cast<std::uint64_t>(length);
}

inline std::ifstream open_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) file_error(path, "cannot be opened for reading");
    return in;
}

inline void read_exactly(std::ifstream& in, char* to, std::size_t bytes, const std::filesystem::path& path) {
    if (bytes == 0) return;
    in.read(to, static_cast<std::streamsize>(bytes));
    if (static_cast<std::size_t>(in.gcount()) != bytes)
        file_error(path, "ended after " + std::to_string(in.gcount()) + " of " + std::to_string(bytes) + " bytes");
}

inline std::vector<char> read_file(const std::filesystem::path& path) {
    std::vector<char> bytes(static_cast<std::size_t>(file_length(path)));
    std::ifstream in = open_file(path);
    read_exactly(in, bytes.data(), bytes.size(), path);
    return bytes;
}

/// Writes two parts one after the other and checks that they arrived; the file may be torn if this throws.
inline void write_file(const std::filesystem::path& path, std::string_view head, std::string_view body) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    if (!out) file_error(path, "cannot be opened for writing");
    out.write(head.data(), static_cast<std::streamsize>(head.size()));
    out.write(body.data(), static_cast<std::streamsize>(body.size()));
    out.close();
    if (!out) file_error(path, "writing " + std::to_string(head.size() + body.size()) + " bytes failed");
}

}  // namespace shardtype::detail
