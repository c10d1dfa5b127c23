#pragma once

// Parses JSON through nlohmann/json, which is slow to compile: include this where files are read or written,
// never from an umbrella header. Host compilers only.

#include <shardtype/train/detail/safetensors_header.hpp>
#include <shardtype/train/file.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shardtype {

/// Named tensors in one file (the safetensors format), all in memory.
///
/// The reader takes nothing on trust: header length, JSON, UTF-8, field types, duplicate names, and that the
/// tensors tile the data without hole or overlap. Whatever is wrong becomes one line with file and tensor.
/// Its memory is bounded by the file's length.
struct tensor_file {
    static_assert(std::endian::native == std::endian::little, "the file format is little-endian");

    /// dtype in the format's spelling ("F32"), shape, and the bytes [begin, end) of `data`.
    using entry = detail::safetensors_entry;

    std::map<std::string, entry> entries;         ///< by name
    std::map<std::string, std::string> metadata;  ///< free text, as the format allows
    std::vector<char> data;                       ///< the tensors' bytes, without gaps

    /// Throws std::runtime_error for a missing or malformed file.
    static tensor_file read(const std::filesystem::path& path) {
        const std::uint64_t length = detail::file_length(path);
        if (length < 8) detail::file_error(path, std::to_string(length) + " bytes are too few for a safetensors file");
        std::ifstream in = detail::open_file(path);
        std::uint64_t header_length = 0;
        detail::read_exactly(in, reinterpret_cast<char*>(&header_length), sizeof header_length, path);
        if (header_length > detail::safetensors_longest_header)
            detail::file_error(path, "header length " + std::to_string(header_length) + " is above 100000000");
        if (header_length > length - 8)
            detail::file_error(path, "header length " + std::to_string(header_length) + " goes beyond the file of " +
                                         std::to_string(length) + " bytes");
        std::string header(static_cast<std::size_t>(header_length), '\0');
        detail::read_exactly(in, header.data(), header.size(), path);

        tensor_file file;
        detail::safetensors_parser parser(path, file.entries, file.metadata);
        parser.parse(header);
        const std::uint64_t bytes = length - 8 - header_length;
        detail::check_tiling(path, file.entries, bytes);
        file.data.resize(static_cast<std::size_t>(bytes));
        detail::read_exactly(in, file.data.data(), file.data.size(), path);
        file.source_ = path.string();
        return file;
    }

    /// Adds a float32 tensor behind those that are there. Precondition: product of `shape` equals the count.
    void add(const std::string& name, std::vector<long> shape, std::span<const float> values) {
        entry added{"F32", std::move(shape), data.size(), data.size() + values.size_bytes()};
        if (name == "__metadata__" || entries.contains(name))
            detail::file_error(source_, "tensor " + detail::printable(name) + ": the name is taken");
        detail::check_size(source_, name, added);
        const char* first = reinterpret_cast<const char*>(values.data());
        data.insert(data.end(), first, first + values.size_bytes());
        entries.emplace(name, std::move(added));
    }

    /// The entry of that name; throws std::runtime_error if there is none.
    const entry& at(const std::string& name) const {
        const auto found = entries.find(name);
        if (found == entries.end())
            detail::file_error(source_, "tensor " + detail::printable(name) + ": not in this file");
        return found->second;
    }

    /// A copy of a float32 tensor's values, row major; throws if it is missing or of another dtype.
    std::vector<float> floats(const std::string& name) const {
        const entry& e = at(name);
        if (e.dtype != "F32")
            detail::file_error(source_, "tensor " + detail::printable(name) + ": dtype " + e.dtype + ", wanted F32");
        std::vector<float> values((e.end - e.begin) / sizeof(float));
        if (!values.empty()) std::memcpy(values.data(), data.data() + e.begin, e.end - e.begin);
        return values;
    }

    /// As above, and throws unless the tensor has this shape.
    std::vector<float> floats(const std::string& name, const std::vector<long>& shape) const {
        if (at(name).shape != shape)
            detail::file_error(source_, "tensor " + detail::printable(name) + ": shape " +
                                            detail::shape_text(at(name).shape) + ", wanted " +
                                            detail::shape_text(shape));
        return floats(name);
    }

    /// Writes the file; the same tensors in the same order give the same bytes. Throws std::runtime_error if
    /// `entries` do not tile `data`, or if writing fails (the file may then be torn).
    void write(const std::filesystem::path& path) const {
        const auto order = detail::check_tiling(path, entries, data.size());
        detail::write_file(path, detail::safetensors_header(path, order, metadata), {data.data(), data.size()});
    }

  private:
    std::string source_ = "tensors in memory";
};

}  // namespace shardtype
