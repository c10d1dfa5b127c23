#include <shardtype/train/token_shard.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using shardtype::token_shard;
using shardtype::token_width;

namespace {

std::string header(std::int32_t magic, std::int32_t version, std::int32_t tokens) {
    std::array<std::int32_t, 256> words{magic, version, tokens};
    return {reinterpret_cast<const char*>(words.data()), sizeof words};
}

std::string refusal(const std::filesystem::path& file) {
    return message_of<std::runtime_error>([&] { token_shard::read(file); });
}

}  // namespace

TEST_CASE("the reference run's tokens") {
    const token_shard shard = token_shard::read(SHARDTYPE_TEST_DATA "/gold_mha/tokens.bin");
    CHECK(shard.width == token_width::uint16);
    REQUIRE(shard.tokens.size() == 5121);  // 10 steps of 8 x 64, and one target more
    // Byte by byte from the file: a licence's title, centred.
    for (int i = 0; i < 20; ++i) CHECK(shard.tokens[static_cast<std::size_t>(i)] == ' ');
    CHECK(shard.tokens[20] == 'G');
    CHECK(shard.tokens[21] == 'N');
    CHECK(shard.tokens[22] == 'U');
    CHECK(token_shard::recognises(SHARDTYPE_TEST_DATA "/gold_mha/tokens.bin"));
    CHECK_FALSE(token_shard::recognises(SHARDTYPE_TEST_DATA "/gold_mha/run.json"));
}

TEST_CASE("the bytes of both kinds") {
    const scratch_folder scratch;
    const auto narrow = scratch.write("n.bin", header(20240520, 1, 3) + std::string("\x01\x00\x00\x01\xff\xff", 6));
    CHECK(token_shard::read(narrow).tokens == std::vector<std::uint32_t>{1, 256, 65535});
    const std::string words("\x02\x00\x00\x00\x00\x00\x01\x00", 8);
    const auto wide = scratch.write("w.bin", header(20240801, 7, 2) + words);
    CHECK(token_shard::read(wide).tokens == std::vector<std::uint32_t>{2, 65536});
    CHECK(token_shard::read(wide).width == token_width::uint32);
    CHECK(token_shard::read(scratch.write("e.bin", header(20240520, 1, 0))).tokens.empty());
}

TEST_CASE("written and read again") {
    const scratch_folder scratch;
    for (const token_width width : {token_width::uint16, token_width::uint32}) {
        const token_shard out{width, {0, 7, 65535, 1000}};
        out.write(scratch.path() / "t.bin");
        const token_shard in = token_shard::read(scratch.path() / "t.bin");
        CHECK(in.width == width);
        CHECK(in.tokens == out.tokens);
    }
    const token_shard large{token_width::uint16, {0, 65536}};
    CHECK(message_of<std::runtime_error>([&] { large.write("x.bin"); }) ==
          "x.bin: token 65536 at 1 does not fit 16 bits");
    CHECK(message_of<std::runtime_error>([&] { token_shard{}.write(scratch.path()); }) ==
          scratch.path().string() + ": cannot be opened for writing");
}

TEST_CASE("malformed files are refused in one line") {
    const scratch_folder scratch;
    const auto refused = [&](const std::string& bytes) {
        const auto file = scratch.write("t.bin", bytes);
        const std::string message = refusal(file);
        CHECK(message.find('\n') == std::string::npos);
        const std::string prefix = file.string() + ": ";
        REQUIRE(message.starts_with(prefix));
        return message.substr(prefix.size());
    };
    CHECK(refused("") == "a token shard begins with 1024 bytes of header, this file has 0");
    CHECK(refused(header(20240520, 1, 0).substr(1)) ==
          "a token shard begins with 1024 bytes of header, this file has 1023");
    CHECK(refused(header(20240521, 1, 0)) == "magic number 20240521 is not a token shard's (20240520 or 20240801)");
    CHECK(refused(header(20240520, 7, 0)) == "version 7 of a token shard, expected 1");
    CHECK(refused(header(20240801, 1, 0)) == "version 1 of a token shard, expected 7");
    CHECK(refused(header(20240520, 1, 2) + "abc") == "says 2 tokens of 2 bytes, but has 3 bytes of them");
    CHECK(refused(header(20240520, 1, 1) + "abc") == "says 1 tokens of 2 bytes, but has 3 bytes of them");
    CHECK(refused(header(20240801, 7, 1) + "ab") == "says 1 tokens of 4 bytes, but has 2 bytes of them");
    CHECK(refused(header(20240520, 1, -1)) == "says -1 tokens of 2 bytes, but has 0 bytes of them");
    const auto most = std::numeric_limits<std::int32_t>::max();
    CHECK(refused(header(20240801, 7, most)) == "says 2147483647 tokens of 4 bytes, but has 0 bytes of them");
    CHECK(refusal(scratch.path() / "none") == (scratch.path() / "none").string() + ": no such file");
    CHECK(refusal(scratch.path()) == scratch.path().string() + ": not a regular file");
}
