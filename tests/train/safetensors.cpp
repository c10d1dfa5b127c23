#include <shardtype/train/safetensors.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

using shardtype::tensor_file;

namespace {

std::string length_of(std::uint64_t n) { return {reinterpret_cast<const char*>(&n), sizeof n}; }

std::string file_of(const std::string& json, std::size_t data) {
    return length_of(json.size()) + json + std::string(data, '\1');
}

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string refusal(const std::filesystem::path& file) {
    return message_of<std::runtime_error>([&] { tensor_file::read(file); });
}

struct malformed {
    std::string bytes;
    std::string message;
};

const std::string a_f32 = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

/// One header with two tensors: the second has these offsets.
std::string two(const std::string& offsets) {
    return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":)" +
           offsets + "}}";
}

std::string with(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

}  // namespace

TEST_CASE("the reference run's weights") {
    const tensor_file file = tensor_file::read(SHARDTYPE_TEST_DATA "/gold_mha/start.safetensors");
    CHECK(file.entries.size() == 21);
    CHECK(file.metadata.at("format") == "pt");
    CHECK(file.at("layers.1.feed_forward.w2.weight").shape == std::vector<long>{64, 192});
    const std::vector<float> table = file.floats("tok_embeddings.weight", {256, 64});
    double square = 0;
    for (const float v : table) square += static_cast<double>(v) * static_cast<double>(v);
    CHECK(std::sqrt(square / static_cast<double>(table.size())) == doctest::Approx(1).epsilon(0.02));
    CHECK(message_of<std::runtime_error>([&] { file.floats("wq"); }) == SHARDTYPE_TEST_DATA
          "/gold_mha/start.safetensors: tensor 'wq': not in this file");
    CHECK(message_of<std::runtime_error>([&] {
              file.floats("norm.weight", {8, 8});
          }) == SHARDTYPE_TEST_DATA "/gold_mha/start.safetensors: tensor 'norm.weight': shape [64], wanted [8, 8]");
}

TEST_CASE("read and written again, a file is the same byte for byte") {
    const scratch_folder scratch;
    for (const char* name : {"start.safetensors", "grads.safetensors", "end.safetensors"}) {
        const auto original = std::filesystem::path(SHARDTYPE_TEST_DATA "/gold_mha") / name;
        tensor_file::read(original).write(scratch.path() / "copy");
        CHECK(bytes_of(scratch.path() / "copy") == bytes_of(original));
    }
}

TEST_CASE("tensors from memory") {
    const scratch_folder scratch;
    const std::vector<float> b{1, -2, 3.5f, 0, 1e-30f, 6};
    tensor_file out;
    out.metadata["seed"] = "1 \"quoted\"\n";
    out.add("b", {2, 3}, b);
    out.add("a \xc3\xa9\n", {}, std::vector<float>{7});
    out.add("none", {0, 5}, {});
    out.write(scratch.path() / "t");
    const tensor_file in = tensor_file::read(scratch.path() / "t");
    CHECK(in.metadata == out.metadata);
    CHECK(in.floats("b", {2, 3}) == b);
    CHECK(in.floats("a \xc3\xa9\n", {}) == std::vector<float>{7});
    CHECK(in.floats("none", {0, 5}).empty());
    CHECK(std::filesystem::file_size(scratch.path() / "t") % 4 == 0);

    tensor_file{}.write(scratch.path() / "empty");
    CHECK(tensor_file::read(scratch.path() / "empty").entries.empty());

    const auto refused = [](auto&& call) { return message_of<std::runtime_error>(call); };
    CHECK(refused([&] { out.add("b", {1}, std::vector<float>{1}); }) ==
          "tensors in memory: tensor 'b': the name is taken");
    CHECK(refused([&] { out.add("__metadata__", {1}, std::vector<float>{1}); }) ==
          "tensors in memory: tensor '__metadata__': the name is taken");
    CHECK(refused([&] { out.add("c", {2}, std::vector<float>{1}); }) ==
          "tensors in memory: tensor 'c': F32 of shape [2] takes 8 bytes, data_offsets are [28, 32]");
    out.entries.at("b").begin = 4;
    CHECK(refused([&] { out.write("x"); }) == "x: tensor 'b': begins at byte 4, a hole after 0");
    tensor_file latin;
    latin.add("\xe9", {1}, std::vector<float>{1});
    CHECK(refused([&] { latin.write("x"); }) == "x: name '\xe9' is not UTF-8");
    CHECK(refused([&] { tensor_file{}.write(scratch.path()); }) ==
          scratch.path().string() + ": cannot be opened for writing");
}

TEST_CASE("what the format allows is read") {
    const scratch_folder scratch;
    const auto read = [&](const std::string& bytes) { return tensor_file::read(scratch.write("t", bytes)); };
    CHECK(read(file_of(a_f32, 8)).floats("a").size() == 2);
    CHECK(read(file_of(a_f32 + " \n ", 8)).entries.size() == 1);
    CHECK(read(file_of("{}", 0)).entries.empty());
    CHECK(read(file_of(R"({"__metadata__":{}})", 0)).entries.empty());
    // Fields and tensors in any order.
    const tensor_file swapped = read(file_of(R"({"b":{"data_offsets":[4,6],"shape":[1,2],"dtype":"U8"},)"
                                             R"("a":{"shape":[],"dtype":"F32","data_offsets":[0,4]}})",
                                             6));
    CHECK(swapped.at("b").begin == 4);
    CHECK(swapped.floats("a").size() == 1);
    CHECK(message_of<std::runtime_error>([&] { swapped.floats("b"); }) ==
          (scratch.path() / "t").string() + ": tensor 'b': dtype U8, wanted F32");
    // Tensors without elements, between others and at the end.
    CHECK(read(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"F32","shape":[0,9],"data_offsets":[4,4]},)"
                       R"("c":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},)"
                       R"("d":{"dtype":"I64","shape":[0],"data_offsets":[6,6]}})",
                       6))
              .entries.size() == 4);
}

TEST_CASE("every malformed file is refused in one line that names file and tensor") {
    const std::string deep(100'000, '[');
    const malformed cases[] = {
        // The frame.
        {"", "0 bytes are too few for a safetensors file"},
        {"1234567", "7 bytes are too few for a safetensors file"},
        {length_of(100'000'001), "header length 100000001 is above 100000000"},
        {length_of(~std::uint64_t{0}) + "{}", "header length 18446744073709551615 is above 100000000"},
        {length_of(3) + "{}", "header length 3 goes beyond the file of 10 bytes"},
        {length_of(0), "the header does not begin with '{'"},
        {file_of(" {}", 0), "the header does not begin with '{'"},
        {file_of("\xef\xbb\xbf{}", 0), "the header does not begin with '{'"},
        {file_of(std::string("{}\0", 3), 0), "NUL byte in the header"},
        // JSON.
        {file_of("{", 0), "the header is not valid JSON in UTF-8 at byte 2"},
        {file_of("{}{}", 0), "the header is not valid JSON in UTF-8 at byte 3"},
        {file_of("{} // c", 0), "the header is not valid JSON in UTF-8 at byte 4"},
        {file_of(R"({"a":{"dtype":"F32",}})", 0), "the header is not valid JSON in UTF-8 at byte 21"},
        {file_of("{\"\xff\":1}", 0), "the header is not valid JSON in UTF-8 at byte 3"},
        {file_of(R"({"\ud800":1})", 0), "the header is not valid JSON in UTF-8 at byte 9"},
        // Types.
        {file_of(R"({"a":1})", 0), "tensor 'a': the number 1 where an object must be"},
        {file_of(R"({"a":null})", 0), "tensor 'a': null where an object must be"},
        {file_of(R"({"a":[]})", 0), "tensor 'a': a list where an object must be"},
        {file_of(R"({"a":)" + deep, 0), "tensor 'a': a list where an object must be"},
        {file_of(with("1", "[2]", "[0,8]"), 8), "tensor 'a': the number 1 where the dtype must be"},
        {file_of(with(R"("F31")", "[2]", "[0,8]"), 8), "tensor 'a': unknown dtype 'F31'"},
        {file_of(with(R"("F32")", "2", "[0,8]"), 8), "tensor 'a': the number 2 in the shape"},
        {file_of(with(R"("F32")", "[-2]", "[0,8]"), 8), "tensor 'a': the number -2 in the shape"},
        {file_of(with(R"("F32")", "[2.0]", "[0,8]"), 8), "tensor 'a': the number 2.0 in the shape"},
        {file_of(with(R"("F32")", "[[2]]", "[0,8]"), 8), "tensor 'a': a list in the shape"},
        {file_of(with(R"("F32")", "[true]", "[0,8]"), 8), "tensor 'a': a truth value in the shape"},
        {file_of(with(R"("F32")", "[2]", R"(["0",8])"), 8), "tensor 'a': the string '0' in data_offsets"},
        {file_of(with(R"("F32")", "[2]", "{}"), 8), "tensor 'a': an object in data_offsets"},
        {file_of(with(R"("F32")", "[2]", "[8]"), 8), "tensor 'a': data_offsets has 1 numbers, not 2"},
        {file_of(with(R"("F32")", "[2]", "[0,8,8]"), 8), "tensor 'a': data_offsets has 3 numbers, not 2"},
        {file_of(R"({"a":{"dtype":"F32","shape":[2]}})", 8), "tensor 'a': field 'data_offsets' is missing"},
        {file_of(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8), "tensor 'a': field 'shape' is missing"},
        {file_of(R"({"a":{}})", 0), "tensor 'a': field 'dtype' is missing"},
        {file_of(R"({"a":{"order":"F"}})", 0), "tensor 'a': unknown field 'order'"},
        {file_of(R"({"__metadata__":{"n":1}})", 0), "the number 1 in '__metadata__'"},
        {file_of(R"({"__metadata__":"n"})", 0), "the string 'n' in '__metadata__'"},
        // Duplicates.
        {file_of(a_f32.substr(0, a_f32.size() - 1) + "," + a_f32.substr(1), 8), "tensor 'a': appears twice"},
        {file_of(R"({"a":{"dtype":"F32","dtype":"F32"}})", 8), "tensor 'a': field 'dtype' appears twice"},
        {file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "'__metadata__' appears twice"},
        {file_of(R"({"__metadata__":{"n":"1","n":"1"}})", 0), "metadata 'n' appears twice"},
        // Sizes.
        {file_of(with(R"("F32")", "[3]", "[0,8]"), 8),
         "tensor 'a': F32 of shape [3] takes 12 bytes, data_offsets are [0, 8]"},
        {file_of(with(R"("F64")", "[2]", "[0,8]"), 8),
         "tensor 'a': F64 of shape [2] takes 16 bytes, data_offsets are [0, 8]"},
        {file_of(with(R"("F32")", "[4611686018427387906]", "[0,8]"), 8),
         "tensor 'a': the shape [4611686018427387906] overflows"},
        {file_of(with(R"("F32")", "[4294967296,4294967296,0]", "[0,0]"), 0),
         "tensor 'a': the shape [4294967296, 4294967296, 0] overflows"},
        {file_of(with(R"("F32")", "[9223372036854775808]", "[0,8]"), 8),
         "tensor 'a': the extent 9223372036854775808 is too large"},
        {file_of(with(R"("F32")", "[99999999999999999999]", "[0,8]"), 8),
         "tensor 'a': the number 99999999999999999999 in the shape"},
        {file_of(with(R"("F32")", "[2]", "[8,0]"), 8), "tensor 'a': begins at byte 8, a hole after 0"},
        {file_of(two("[8,4]"), 12), "tensor 'b': F32 of shape [1] takes 4 bytes, data_offsets are [8, 4]"},
        // Tiling.
        {file_of(two("[12,16]"), 16), "tensor 'b': begins at byte 12, a hole after 8"},
        {file_of(two("[4,8]"), 8), "tensor 'b': begins at byte 4, an overlap with 8"},
        {file_of(two("[0,4]"), 8), "tensor 'a': begins at byte 0, an overlap with 4"},
        {file_of(a_f32, 9), "tensors end at byte 8 of the data, the file has 9"},
        {file_of(a_f32, 7), "tensors end at byte 8 of the data, the file has 7"},
        {file_of("{}", 1), "tensors end at byte 0 of the data, the file has 1"},
        // Names that would break the line, or be the line.
        {file_of(R"({"a\nb\u0000":1})", 0), R"(tensor 'a\x0ab\x00': the number 1 where an object must be)"},
        {file_of("{\"" + std::string(500, 'n') + "\":1}", 0),
         "tensor '" + std::string(120, 'n') + "...': the number 1 where an object must be"},
    };
    static_assert(std::size(cases) >= 20);
    const scratch_folder scratch;
    for (const malformed& c : cases) {
        const auto file = scratch.write("bad.safetensors", c.bytes);
        CHECK(refusal(file) == file.string() + ": " + c.message);
    }
    CHECK(refusal(scratch.path() / "none") == (scratch.path() / "none").string() + ": no such file");
    CHECK(refusal(scratch.path()) == scratch.path().string() + ": not a regular file");
}

TEST_CASE("too many tensors") {
    std::string json = "{";
    for (int i = 0; i <= 100'000; ++i)
        json += (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    const scratch_folder scratch;
    const auto file = scratch.write("many", file_of(json + "}", 0));
    CHECK(refusal(file) == file.string() + ": tensor '100000': more than 100000 tensors");
}

TEST_CASE("a file cut anywhere, or with any header byte changed, never crashes and never reads amiss") {
    const std::string good = file_of(two("[8,12]"), 12);
    const scratch_folder scratch;
    for (std::size_t n = 0; n < good.size(); ++n) CHECK(refusal(scratch.write("cut", good.substr(0, n))) != "");
    for (std::size_t i = 0; i < good.size() - 12; ++i)
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            const auto file = scratch.write("flip", bad);
            try {
                // Harmless flips remain: a letter of a name, F32 to another dtype of 4 bytes.
                std::size_t covered = 0;
                for (const auto& [name, e] : tensor_file::read(file).entries) covered += e.end - e.begin;
                CHECK(covered == 12);
            } catch (const std::runtime_error& e) {
                CHECK(std::string(e.what()).starts_with(file.string() + ": "));
            }
        }
}
