#pragma once

#include <shardtype/train/file.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The JSON header of a safetensors file, read as events: no tree is built, so a hostile header of N bytes costs
// memory in proportion to N and no recursion.

namespace shardtype::detail {

inline constexpr std::uint64_t safetensors_longest_header = 100'000'000;
inline constexpr std::size_t safetensors_most_tensors = 100'000;

struct safetensors_entry {
    std::string dtype;
    std::vector<long> shape;
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Bytes of one element, 0 for an unknown dtype.
inline std::size_t element_bytes(std::string_view dtype) {
    constexpr std::pair<std::string_view, std::size_t> known[] = {
        {"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2},
        {"F16", 2},  {"BF16", 2}, {"I32", 4}, {"U32", 4},     {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8}};
    for (const auto& [name, bytes] : known)
        if (name == dtype) return bytes;
    return 0;
}

inline std::string shape_text(const std::vector<long>& shape) {
    std::string out = "[";
    for (const long extent : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(extent);
    return out + "]";
}

[[noreturn]] inline void tensor_error(const std::filesystem::path& path, const std::string& name,
                                      const std::string& what) {
    file_error(path, "tensor " + printable(name) + ": " + what);
}

/// dtype known, shape times element size free of overflow and equal to end - begin.
inline void check_size(const std::filesystem::path& path, const std::string& name, const safetensors_entry& e) {
    std::size_t bytes = element_bytes(e.dtype);
    if (bytes == 0) tensor_error(path, name, "unknown dtype " + printable(e.dtype));
    for (const long extent : e.shape) {
        if (extent < 0) tensor_error(path, name, "negative extent in the shape " + shape_text(e.shape));
        const auto factor = static_cast<std::size_t>(extent);
        if (factor != 0 && bytes > std::numeric_limits<std::size_t>::max() / factor)
            tensor_error(path, name, "the shape " + shape_text(e.shape) + " overflows");
        bytes *= factor;
    }
    if (e.end < e.begin || e.end - e.begin != bytes)
        tensor_error(path, name,
                     e.dtype + " of shape " + shape_text(e.shape) + " takes " + std::to_string(bytes) +
                         " bytes, data_offsets are [" + std::to_string(e.begin) + ", " + std::to_string(e.end) + "]");
}

using entry_map = std::map<std::string, safetensors_entry>;

/// The entries by offset; throws unless they cover [0, bytes) without hole or overlap.
inline std::vector<const entry_map::value_type*> check_tiling(const std::filesystem::path& path,
                                                              const entry_map& entries, std::uint64_t bytes) {
    std::vector<const entry_map::value_type*> order;
    order.reserve(entries.size());
    for (const auto& named : entries) order.push_back(&named);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        const auto key = [](const auto* e) { return std::pair(e->second.begin, e->second.end); };
        return key(a) != key(b) ? key(a) < key(b) : a->first < b->first;
    });
    std::size_t covered = 0;
    for (const auto* named : order) {
        const auto& [name, e] = *named;
        if (e.begin != covered)
            tensor_error(path, name,
                         "begins at byte " + std::to_string(e.begin) +
                             (e.begin > covered ? ", a hole after " : ", an overlap with ") + std::to_string(covered));
        check_size(path, name, e);
        covered = e.end;
    }
    if (covered != bytes)
        file_error(path, "tensors end at byte " + std::to_string(covered) + " of the data, the file has " +
                             std::to_string(bytes));
    return order;
}

/// The 8 bytes of length and the header, padded so that the data begins at a multiple of 8.
inline std::string safetensors_header(const std::filesystem::path& path,
                                      const std::vector<const entry_map::value_type*>& order,
                                      const std::map<std::string, std::string>& metadata) {
    const auto text = [&](const std::string& s) {
        try {
            return nlohmann::json(s).dump();
        } catch (const nlohmann::json::exception&) {
            file_error(path, "name " + printable(s) + " is not UTF-8");
        }
    };
    std::string json;
    const auto field = [&](const std::string& name) -> std::string& {
        return json += (json.empty() ? "{" : ",") + text(name) + ":";
    };
    if (!metadata.empty()) {
        std::string inner;
        for (const auto& [key, value] : metadata) inner += (inner.empty() ? "{" : ",") + text(key) + ":" + text(value);
        field("__metadata__") += inner + "}";
    }
    for (const auto* named : order) {
        const auto& [name, e] = *named;
        if (name == "__metadata__") tensor_error(path, name, "the name is taken");
        std::string shape;
        for (const long extent : e.shape) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        field(name) += "{\"dtype\":" + text(e.dtype) + ",\"shape\":[" + shape + "],\"data_offsets\":[" +
                       std::to_string(e.begin) + "," + std::to_string(e.end) + "]}";
    }
    json += json.empty() ? "{}" : "}";
    json.append((8 - json.size() % 8) % 8, ' ');
    const std::uint64_t length = json.size();
    if (length > safetensors_longest_header || order.size() > safetensors_most_tensors)
        file_error(path, std::to_string(order.size()) + " tensors are too many for one file");
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + json;
}

/// Takes the events of the JSON parser; every one that the format has no place for is an error.
class safetensors_parser final : public nlohmann::json_sax<nlohmann::json> {
  public:
    safetensors_parser(std::filesystem::path path, entry_map& entries, std::map<std::string, std::string>& metadata)
        : path_(std::move(path)), entries_(entries), metadata_(metadata) {}

    void parse(const std::string& text) {
        // The JSON parser would skip a byte order mark and stop at a NUL; the format has neither.
        if (text.empty() || text.front() != '{') file_error(path_, "the header does not begin with '{'");
        if (text.find('\0') != std::string::npos) file_error(path_, "NUL byte in the header");
        nlohmann::json::sax_parse(text, this);
    }

    bool start_object(std::size_t) override {
        if (state_ == state::start) return to(state::names);
        if (state_ == state::after_name) {
            fields_ = 0;
            return to(state::fields);
        }
        if (state_ == state::after_metadata) return to(state::metadata_names);
        unexpected("an object");
    }

    bool key(string_t& name) override {
        if (state_ == state::names && name == "__metadata__") {
            if (has_metadata_) file_error(path_, "'__metadata__' appears twice");
            has_metadata_ = true;
            return to(state::after_metadata);
        }
        if (state_ == state::names) {
            const auto [at, fresh] = entries_.try_emplace(name);
            name_ = name;
            current_ = &at->second;
            if (!fresh) tensor_error(path_, name_, "appears twice");
            if (entries_.size() > safetensors_most_tensors)
                tensor_error(path_, name_, "more than " + std::to_string(safetensors_most_tensors) + " tensors");
            return to(state::after_name);
        }
        if (state_ == state::metadata_names) {
            if (!metadata_.try_emplace(name).second)
                file_error(path_, "metadata " + printable(name) + " appears twice");
            metadata_key_ = name;
            return to(state::metadata_value);
        }
        const unsigned field = name == "dtype" ? 1 : name == "shape" ? 2 : name == "data_offsets" ? 4 : 0;
        if (field == 0) tensor_error(path_, name_, "unknown field " + printable(name));
        if (fields_ & field) tensor_error(path_, name_, "field " + printable(name) + " appears twice");
        fields_ |= field;
        return to(field == 1 ? state::dtype : field == 2 ? state::before_shape : state::before_offsets);
    }

    bool end_object() override {
        if (state_ == state::fields && fields_ != 7)
            tensor_error(path_, name_,
                         std::string("field '") +
                             (~fields_ & 1   ? "dtype"
                              : ~fields_ & 2 ? "shape"
                                             : "data_offsets") +
                             "' is missing");
        return to(state_ == state::names ? state::done : state::names);
    }

    bool start_array(std::size_t) override {
        if (state_ == state::before_shape) return to(state::shape);
        if (state_ == state::before_offsets) {
            offsets_ = 0;
            return to(state::offsets);
        }
        unexpected("a list");
    }

    bool end_array() override {
        if (state_ == state::offsets && offsets_ != 2)
            tensor_error(path_, name_, "data_offsets has " + std::to_string(offsets_) + " numbers, not 2");
        return to(state::fields);
    }

    bool number_unsigned(number_unsigned_t value) override {
        if (state_ == state::shape) {
            if (value > static_cast<number_unsigned_t>(std::numeric_limits<long>::max()))
                tensor_error(path_, name_, "the extent " + std::to_string(value) + " is too large");
            current_->shape.push_back(static_cast<long>(value));
            return true;
        }
        if (state_ == state::offsets) {
            if (offsets_ < 2) (offsets_ == 0 ? current_->begin : current_->end) = value;
            ++offsets_;
            return true;
        }
        unexpected("the number " + std::to_string(value));
    }

    bool string(string_t& value) override {
        if (state_ == state::dtype) {
            if (element_bytes(value) == 0) tensor_error(path_, name_, "unknown dtype " + printable(value));
            current_->dtype = value;
            return to(state::fields);
        }
        if (state_ == state::metadata_value) {
            metadata_[metadata_key_] = value;
            return to(state::metadata_names);
        }
        unexpected("the string " + printable(value));
    }

    bool null() override { unexpected("null"); }
    bool boolean(bool) override { unexpected("a truth value"); }
    bool number_integer(number_integer_t value) override { unexpected("the number " + std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { unexpected("the number " + text); }
    bool binary(binary_t&) override { unexpected("binary data"); }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        file_error(path_, "the header is not valid JSON in UTF-8 at byte " + std::to_string(position));
    }

  private:
    enum class state : unsigned char {
        start,
        names,
        after_name,
        fields,
        dtype,
        before_shape,
        shape,
        before_offsets,
        offsets,
        after_metadata,
        metadata_names,
        metadata_value,
        done
    };

    bool to(state next) {
        state_ = next;
        return true;
    }

    [[noreturn]] void unexpected(const std::string& what) const {
        switch (state_) {
            case state::after_name:
                tensor_error(path_, name_, what + " where an object must be");
            case state::dtype:
                tensor_error(path_, name_, what + " where the dtype must be");
            case state::before_shape:
            case state::shape:
                tensor_error(path_, name_, what + " in the shape");
            case state::before_offsets:
            case state::offsets:
                tensor_error(path_, name_, what + " in data_offsets");
            case state::after_metadata:
            case state::metadata_value:
                file_error(path_, what + " in '__metadata__'");
            default:
                file_error(path_, what + " in the header");
        }
    }

    std::filesystem::path path_;
    entry_map& entries_;
    std::map<std::string, std::string>& metadata_;
    state state_ = state::start;
    std::string name_;
    std::string metadata_key_;
    safetensors_entry* current_ = nullptr;
    unsigned fields_ = 0;
    int offsets_ = 0;
    bool has_metadata_ = false;
};

}  // namespace shardtype::detail
