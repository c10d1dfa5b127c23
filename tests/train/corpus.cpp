#include <shardtype/train/corpus.hpp>

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using shardtype::corpus;

namespace {

struct window {
    std::vector<int> tokens;
    std::vector<int> targets;
};

window row_of(const corpus& c, long step, long row, long global_batch, long seq) {
    window w{std::vector<int>(static_cast<std::size_t>(seq)), std::vector<int>(static_cast<std::size_t>(seq))};
    c.row(step, row, global_batch, seq, w.tokens.data(), w.targets.data());
    return w;
}

/// All tokens, as a row of full length gives them.
std::vector<int> all(const corpus& c) { return row_of(c, 0, 0, 1, c.size()).tokens; }

/// A document as tokens.
std::vector<int> document(const std::string& text) {
    std::vector<int> out{256};
    for (const char c : text) out.push_back(static_cast<unsigned char>(c));
    out.push_back(257);
    return out;
}

std::vector<int> operator+(std::vector<int> a, const std::vector<int>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string refusal(const std::filesystem::path& path) {
    return message_of<std::runtime_error>([&] { corpus::from_path(path); });
}

}  // namespace

TEST_CASE("a file is one document") {
    const scratch_folder scratch;
    const corpus c = corpus::from_path(scratch.write("a.txt", "ab\n\xc3\xa9"));
    CHECK(c.documents() == 1);
    CHECK(c.size() == 7);
    CHECK(all(c) == std::vector<int>{256, 'a', 'b', '\n', 0xc3, 0xa9, 257});
    CHECK(c.source() == (scratch.path() / "a.txt").string());
}

TEST_CASE("text that is not UTF-8 is refused, and left out of a folder") {
    const scratch_folder scratch;
    const std::filesystem::path latin = scratch.write("latin.txt", "caf\xe9 au lait");
    CHECK(refusal(latin) == latin.string() + ": not UTF-8 text: byte 233 at offset 3");
    scratch.write("a.txt", "a");
    CHECK(all(corpus::from_path(scratch.path())) == document("a"));
}

TEST_CASE("a folder is its text files, ordered by path") {
    const scratch_folder scratch;
    scratch.write("b.txt", "B");
    scratch.write("a/z.md", "AZ");
    scratch.write("a.txt", "A");
    scratch.write("c/d/deep", "CD");
    scratch.write("builder.txt", "a file, not a folder");
    scratch.write("C", "upper case is first");
    // Left out:
    scratch.write(".git/config", "hidden");
    scratch.write("c/.cache/x", "hidden");
    scratch.write("build/x.txt", "built");
    scratch.write("c/build-gcc/x.txt", "built");
    scratch.write("image.png", std::string("PNG\0", 4));
    scratch.write("late.bin", std::string(100'000, 'x') + '\0');
    scratch.write("empty", "");
    std::filesystem::create_symlink(scratch.path() / "a.txt", scratch.path() / "link.txt");
    std::filesystem::create_directory_symlink(scratch.path(), scratch.path() / "loop");
    // '.' < '/' : "a.txt" before "a/z.md".
    const std::vector<int> expected = document("upper case is first") + document("A") + document("AZ") + document("B") +
                                      document("a file, not a folder") + document("CD");
    const corpus c = corpus::from_path(scratch.path());
    CHECK(c.documents() == 6);
    CHECK(all(c) == expected);
    CHECK(all(corpus::from_path(scratch.path() / "")) == expected);
    // The rules hold below the folder, not for the folder itself.
    CHECK(all(corpus::from_path(scratch.path() / "build")) == document("built"));
}

TEST_CASE("a file above 64 MiB is left out of a folder") {
    const scratch_folder scratch;
    scratch.write("small", "s");
    std::filesystem::resize_file(scratch.write("large", "l"), corpus::largest_text_file + 1);
    CHECK(all(corpus::from_path(scratch.path())) == document("s"));
}

TEST_CASE("the reference run's rows") {
    const corpus c = corpus::from_path(SHARDTYPE_TEST_DATA "/gold_mha/tokens.bin");
    const std::vector<int> tokens = all(c);
    REQUIRE(c.size() == 5121);
    c.check(256, 64);
    for (long step = 0; step < 10; ++step)
        for (long b = 0; b < 8; ++b) {
            const window w = row_of(c, step, b, 8, 64);
            const auto first = tokens.begin() + (step * 8 * 64 + b * 64);
            CHECK(w.tokens == std::vector<int>(first, first + 64));
            CHECK(w.targets == std::vector<int>(first + 1, first + 65));
        }
    // Step 10 has one token left, then goes on at the beginning.
    const window w = row_of(c, 10, 0, 8, 64);
    CHECK(w.tokens[0] == tokens[5120]);
    CHECK(w.tokens[1] == tokens[0]);
    CHECK(w.targets[0] == tokens[0]);
    CHECK(w.targets[63] == tokens[63]);
}

TEST_CASE("a token shard is known by its magic number, whatever its name") {
    const scratch_folder scratch;
    const shardtype::token_shard shard{shardtype::token_width::uint32, {1, 2, 70000, 4}};
    shard.write(scratch.path() / "tokens");
    const corpus c = corpus::from_path(scratch.path() / "tokens");
    CHECK(all(c) == std::vector<int>{1, 2, 70000, 4});
    CHECK(c.documents() == 0);
}

TEST_CASE("rows go round the end, and no step number overflows") {
    const scratch_folder scratch;
    const corpus c = corpus::from_path(scratch.write("a", "01234567"));  // 10 tokens
    const std::vector<int> tokens = all(c);
    const auto at = [&](long position) { return tokens[static_cast<std::size_t>(position % 10)]; };
    for (long step = 0; step < 20; ++step)
        for (long b = 0; b < 3; ++b) {
            const window w = row_of(c, step, b, 3, 4);
            for (long i = 0; i < 4; ++i) {
                CHECK(w.tokens[static_cast<std::size_t>(i)] == at((step * 3 + b) * 4 + i));
                CHECK(w.targets[static_cast<std::size_t>(i)] == at((step * 3 + b) * 4 + i + 1));
            }
        }
    // (2^63 - 1) mod 10 is 7: row 7 * 3 + 1 = 22, position 88.
    CHECK(row_of(c, std::numeric_limits<long>::max(), 1, 3, 4).tokens[0] == at(88));
    // A window longer than the data.
    CHECK(row_of(c, 0, 0, 1, 25).targets[24] == at(25));
    CHECK_THROWS_WITH_AS(row_of(c, 0, 3, 3, 4), "corpus: no row 3 of 3 in step 0 with sequences of 4",
                         std::invalid_argument);
    CHECK_THROWS_AS(row_of(c, -1, 0, 3, 4), std::invalid_argument);
    CHECK_THROWS_AS(row_of(c, 0, -1, 3, 4), std::invalid_argument);
    CHECK_THROWS_AS(c.row(0, 0, 1, 0, nullptr, nullptr), std::invalid_argument);
}

TEST_CASE("what is split off is not in what is left") {
    const scratch_folder scratch;
    std::filesystem::create_directory(scratch.path() / "folder");
    scratch.write("folder/a", "01234567");  // 10 tokens
    scratch.write("folder/b", "89");        // 4 tokens
    const corpus whole = corpus::from_path(scratch.path() / "folder");
    const std::vector<int> tokens = all(whole);
    for (long held = 1; held < 14; ++held) {
        corpus rest = whole;
        const corpus end = rest.split_off((static_cast<double>(held) - 0.5) / 14);  // rounded up
        CAPTURE(held);
        REQUIRE(end.size() == held);
        CHECK(all(rest) + all(end) == tokens);
        CHECK(end.documents() == (held > 4 ? 2 : 1));
        CHECK(rest.documents() == (held < 4 ? 2 : 1));
        CHECK(end.source() == whole.source());
        // Nor as a target: behind the last token comes the first one of the same part.
        CHECK(row_of(rest, 0, 0, 1, rest.size()).targets.back() == tokens[0]);
        CHECK(row_of(end, 0, 0, 1, held).targets.back() == tokens[static_cast<std::size_t>(14 - held)]);
    }
    for (double wrong : {0., 1., -0.1, std::numeric_limits<double>::quiet_NaN()}) {
        corpus c = whole;
        CHECK_THROWS_AS(c.split_off(wrong), std::invalid_argument);
    }
    shardtype::token_shard shard;
    shard.tokens = {1, 2, 3, 4};
    shard.write(scratch.path() / "s.bin");
    corpus c = corpus::from_path(scratch.path() / "s.bin");
    CHECK(c.split_off(0.5).documents() == 0);
    CHECK(c.size() == 2);
}

TEST_CASE("what cannot be trained on is refused in one line") {
    const scratch_folder scratch;
    const auto name = [&](const char* file) { return (scratch.path() / file).string(); };
    CHECK(refusal(scratch.path() / "none") == name("none") + ": no such file or folder");
    CHECK(refusal(scratch.write("empty", "")) == name("empty") + ": empty data set (0 tokens)");
    CHECK(refusal(scratch.write("nul", std::string("ab\0c", 4))) ==
          name("nul") + ": neither text nor a token shard: NUL byte at offset 2");
    CHECK(refusal(scratch.write("text.bin", "only text")) ==
          name("text.bin") + ": a token shard begins with 1024 bytes of header, this file has 9");
    CHECK(refusal(scratch.write("other.bin", std::string(2000, 'x'))) ==
          name("other.bin") + ": magic number 2021161080 is not a token shard's (20240520 or 20240801)");
    shardtype::token_shard{}.write(scratch.path() / "no_tokens.bin");
    CHECK(refusal(scratch.path() / "no_tokens.bin") == name("no_tokens.bin") + ": empty data set (0 tokens)");
    std::filesystem::create_directory(scratch.path() / "folder");
    CHECK(refusal(scratch.path() / "folder") == name("folder") + ": no text file in this folder");
    CHECK(refusal("/dev/null") == "/dev/null: not a regular file");
}

TEST_CASE("check: vocabulary and length") {
    const scratch_folder scratch;
    const corpus c = corpus::from_path(scratch.write("a", "01234567"));
    const auto checked = [&](long vocabulary, long seq) {
        return message_of<std::runtime_error>([&] { c.check(vocabulary, seq); });
    };
    CHECK(checked(258, 8) == "");
    CHECK(checked(257, 8) == c.source() + ": token 257 at position 9 is not below the vocabulary of 257");
    CHECK(checked(50, 8) == c.source() + ": token 256 at position 0 is not below the vocabulary of 50");
    CHECK(checked(258, 9) == c.source() + ": 10 tokens are too few for sequences of 9 (at least 11)");
}
