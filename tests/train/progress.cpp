#include <doctest/doctest.h>

#include <shardtype/train/progress.hpp>

#include <cstdio>
#include <string>

namespace st = shardtype;

TEST_CASE("durations as people read them") {
    CHECK(st::duration_text(0) == "0 s");
    CHECK(st::duration_text(59.4) == "59 s");
    CHECK(st::duration_text(200) == "3 min 20 s");
    CHECK(st::duration_text(7500) == "2 h 05 min");
    CHECK(st::duration_text(-1) == "0 s");
}

TEST_CASE("a progress line says how far, how fast and what is left, and never wraps") {
    CHECK(st::progress_text("tp=8", 350, 1000, 0.08, 2048, 3.21451) ==
          "tp=8  [###-------]  350/1000   35 %  12 steps/s  52 s left  loss 3.2145  25,600 tokens/s");
    CHECK(st::progress_text("tp=8", 1000, 1000, 0.5, 2048, 3).find("[##########]  1000/1000  100 %") == 6);
    CHECK(st::progress_text("tp=8", 1, 10, 0, 2048, 3).find("0.00 steps/s") != std::string::npos);
    CHECK(st::progress_text("a very long name of a layout", 1, 10, 1, 2048, 3, 20).size() == 20);
}

TEST_CASE("nothing is written where there is no terminal") {
    std::FILE* const file = std::tmpfile();
    {
        st::progress_line line(file);
        line.begin("tp=8", 3, 100);
        for (int s = 1; s <= 3; ++s) line.show(s, 0.5, 2);
        line.clear();
    }
    CHECK(std::ftell(file) == 0);
    std::fclose(file);
}
