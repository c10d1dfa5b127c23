#include <shardtype/train/detail/utf8.hpp>

#include <doctest/doctest.h>

#include <string>

using shardtype::detail::first_bad_utf8;

namespace {
bool good(std::string const& s) { return first_bad_utf8(s) == s.size(); }
char byte(unsigned v) { return static_cast<char>(static_cast<unsigned char>(v)); }
}  // namespace

TEST_CASE("all strings of three bytes: as many are UTF-8 as there are code points to spell") {
    // RFC 3629: 128 code points take 1 byte, 1,920 take 2, 65,536 - 2,048 surrogates - 2,048 shorter ones take 3.
    long count = 0;
    std::string s(3, '\0');
    for (unsigned i = 0; i < 1U << 24; ++i) {
        s[0] = byte(i >> 16), s[1] = byte(i >> 8 & 255), s[2] = byte(i & 255);
        count += good(s) ? 1 : 0;
    }
    CHECK(count == 128L * 128 * 128 + 2L * 128 * 1920 + 61440);
}

TEST_CASE("of four bytes: U+10000 to U+10FFFF") {
    long count = 0;
    std::string s(4, '\0');
    for (unsigned lead = 0xf0; lead < 0x100; ++lead)
        for (unsigned rest = 0; rest < 1U << 18; ++rest) {
            s[0] = byte(lead), s[1] = byte(0x80 | rest >> 12), s[2] = byte(0x80 | (rest >> 6 & 63));
            s[3] = byte(0x80 | (rest & 63));
            count += good(s) ? 1 : 0;
        }
    CHECK(count == 0x110000 - 0x10000);
}

TEST_CASE("the first bad byte's sequence is named, cut ends too") {
    CHECK(first_bad_utf8(std::string("ab\xff")) == 2);
    CHECK(first_bad_utf8(std::string("a\xc3\xa9\xc3")) == 3);
    CHECK(first_bad_utf8(std::string("\xf0\x9f\x98")) == 0);
    CHECK(first_bad_utf8(std::string("")) == 0);
}
