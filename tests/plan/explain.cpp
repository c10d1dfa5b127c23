#include <doctest/doctest.h>

#include <shardtype/plan/plan_text.hpp>
#include <shardtype/train/explain.hpp>

#include "../support/random_plan.hpp"

namespace st = shardtype;

namespace {

constexpr st::model_plan llama = hand_made::llama_8b();

// clang-format off
constexpr char golden[] =
R"(Plan for 64 h100_sxm, mesh dp 8 x tp 8

layers                     strategy                                    compute    comm.  exposed  state    kept  window
                                                                            ms       ms       ms    GiB     GiB     GiB
tok_embeddings             fsdp<dp>, sequence_parallel<tp>               0.310    1.905    0.480  0.125   0.063   0.488
layers.0-11.attention      fsdp<dp>, sequence_parallel<tp>, recompute   49.200   20.760    7.320  0.492   0.375   0.313
layers.0-11.feed_forward   fsdp<dp>, sequence_parallel<tp>, recompute  112.200   27.720    8.400  2.063   0.375   0.596
layers.12-31.attention     fsdp<dp>, sequence_parallel<tp>              62.000   30.000   12.200  0.820   7.422   0.313
layers.12-31.feed_forward  fsdp<dp>, fsdp<tp>                          140.400   58.000    0.000  0.859  22.070   1.377
norm                       fsdp<dp>, sequence_parallel<tp>               0.055    0.012    0.012  0.000   0.031   0.032
output                     ddp<dp>, sequence_parallel<tp>                5.890    2.220    1.100  0.979   0.489   1.957
all layers                                                             370.055  140.617   29.512  5.338  30.825   1.957

step time  409.432 ms: compute 370.055, exposed communication 29.512 of 140.617, beside the layers 9.865
speed      1,280,524 tokens/s, 20,008 per device; 938.8 TFLOP/s per device
memory     39.122 GiB of 71.783 GiB (54.5 %): state 5.338, kept activations 30.825, largest window 1.957, beside the layers 1.002
arena      39.033 GiB: what its schedule allocates
proof      no plan that fits is faster; at a price of 1.206 ns per KiB of memory none takes less than 408.901 ms, and all between were tried (812 labels).

One strategy for all layers, the best of each split (6 others were tried):
split       strategy                                       step, ms  memory, GiB  beside the plan
DP 8, TP 8  fsdp<dp>, sequence_parallel<tp>                 421.200       50.781  2.9 % slower, most in layers.*.feed_forward
DP only     fsdp<dp>, fsdp<tp>, recompute                   512.346       59.570  25.1 % slower, most in output
DP only     fsdp<dp>, fsdp<tp>                              371.000       95.324  too large by 23.541 GiB, most of it in output
TP only     sequence_parallel<dp>, sequence_parallel<tp>  1,912.000       23.438  367.0 % slower, most in layers.*.feed_forward
)";
// clang-format on

constexpr bool equal(char const* a, char const* b) {
    for (; *a != 0 && *a == *b; ++a) ++b;
    return *a == *b;
}
static_assert(equal(st::plan_text<llama>.data, golden));
static_assert(st::plan_text<llama>.size == sizeof(golden) - 1);

bool has(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

/// The text of a number by the library's own formatting.
std::string fixed(long value, long one, int decimals) {
    return st::detail::written([&](st::text_sink& out) { st::detail::put_fixed(out, value, one, decimals); });
}

}  // namespace

TEST_CASE("a plan in words: as it should be, and the same at compile time and at run time") {
    st::model_plan volatile_copy = llama;
    CHECK(st::explain(volatile_copy) == golden);
    CHECK(st::explain(llama) == st::plan_text<llama>.data);
    char some[10] = "#########";
    CHECK(st::explain(llama, some, 4) == st::plan_text<llama>.size);  // counts on, writes no more
    CHECK(std::string(some) == "Plan#####");
}

TEST_CASE("each end of a search has its sentence") {
    auto const ends = [](st::chain_outcome how, st::chain_certificate const& c) {
        st::model_plan p = llama;
        p.outcome = how, p.certificate = c;
        if (how == st::chain_outcome::infeasible) p.memory = p.budget + (3L << 29);
        return st::explain(p);
    };
    using end = st::chain_outcome;
    using proof = st::chain_proof;
    CHECK(has(ends(end::optimal, {409'432'123, 409'432'123, 0, 0, 0, proof::bound}),
              "no plan that fits is faster; it is the fastest at any memory.\n"));
    CHECK(has(ends(end::optimal, {409'432'123, 409'432'123, 3, 1, 0, proof::bound}),
              "at a price of 1.500 ns per KiB of memory none takes less than 409.432 ms.\n"));
    CHECK(has(ends(end::unproven, {409'432'123, 400'000'000, 3, 1, 9, proof::none}), "by at most 9.432 ms (2.3 %).\n"));
    CHECK(
        has(ends(end::infeasible, {}),
            "no plan fits; this is the smallest, too large by 1.500 GiB, most of it in layers.12-31.feed_forward.\n"));
    CHECK(has(ends(end::no_path, {}), "no plan at any memory.\n"));
    CHECK(has(ends(end::none_better, {400'000'000, 0, 0, 0, 0, proof::bound}),
              "none is faster than the best before, 400.000 ms.\n"));
    CHECK(has(ends(end::invalid, {}), "not well formed"));
}

TEST_CASE("a plan that is none, or empty, has a text") {
    CHECK(has(st::explain(st::model_plan{}), "not well formed"));
    st::model_plan p = llama;
    p.time = st::unreachable;
    CHECK(!has(st::explain(p), "step time"));
}

TEST_CASE("numbers are rounded once, whatever their size") {
    CHECK(fixed(1'234'567'890, 1'000'000, 3) == "1,234.568");
    CHECK(fixed(999'999'500, 1'000'000, 3) == "1,000.000");
    CHECK(fixed(999'999'499, 1'000'000, 3) == "999.999");
    CHECK(fixed(-1'500, 1'000, 0) == "-2");
    CHECK(fixed(st::unreachable, 1L << 30, 3) == "2,147,483,648.000");
    CHECK(fixed(7, 1L << 40, 3) == "0.000");
    CHECK(fixed(0, 1, 1) == "0.0");
    auto const percent = [](long part, long whole) {
        return st::detail::written([&](st::text_sink& out) { st::detail::put_percent(out, part, whole); });
    };
    CHECK(percent(1, 3) == "33.3 %");
    CHECK(percent(1L << 60, 1L << 61) == "50.0 %");
}

TEST_CASE("columns are aligned, and no line ends in a blank, for any plan") {
    hand_made::random_plans plans(7);
    for (int i = 0; i < 200; ++i) {
        st::model_plan p = plans.next();
        p.time = 1 + p.time % 1'000'000'000;
        std::string const text = st::explain(p);
        CHECK(!has(text, " \n"));
        std::size_t const from = text.find("\n\nlayers"), to = text.find("\n\nstep time");
        REQUIRE((from != std::string::npos && to != std::string::npos));
        std::size_t longest = 0, rows = 0;
        for (std::size_t at = from + 2, next = 0; at < to; at = next + 1, ++rows) {
            next = text.find('\n', at);
            if (longest == 0) longest = next - at;
            if (next - at != longest) {
                CHECK(next - at == longest);  // all end in the window's number
                break;
            }
        }
        CHECK(rows == static_cast<std::size_t>(p.layers) + 3);
    }
}

TEST_CASE("two plans side by side: only what differs, by common trips") {
    st::model_plan other = llama;
    CHECK(has(st::compare(llama, other), "equal      all layers: 7 rows of layers\n"));
    other.hardware = hand_made::named("h200_sxm");
    other.time = 389'000'000;
    other.layer[1].count = 8;  // attention: 0-7 as before, 8-31 as 12-31 were
    other.layer[3].first = 8, other.layer[3].count = 24;
    CHECK(st::compare(llama, other, "old", "new") ==
          R"(old: 64 h100_sxm, mesh dp 8 x tp 8
new: 64 h200_sxm, mesh dp 8 x tp 8
step time  409.432 ms and 389.000 ms, 5.0 % less
memory     39.122 GiB and 39.122 GiB, the same
equal      7 rows of layers

layers                 plan  strategy                                    time, ms  memory, GiB
layers.8-11.attention  old   fsdp<dp>, sequence_parallel<tp>, recompute    18.840        0.289
                       new   fsdp<dp>, sequence_parallel<tp>               14.840        1.648
)");
    other.layer[6].name = hand_made::named("head");
    std::string const text = st::compare(llama, other);
    CHECK(has(text, "\noutput  "));
    CHECK(has(text, "\nhead  "));
}
