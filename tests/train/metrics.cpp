#include <shardtype/train/metrics.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace st = shardtype;

namespace {

constexpr double gib = 1024. * 1024. * 1024.;
constexpr st::model_size debug_model{
    .parameters = 6'139'136, .embedding_parameters = 512'000, .layers = 6, .heads = 16, .dim = 256};
static_assert(st::flops_per_token(debug_model, 2048) == 71'511'552.);

st::step_metrics example() {
    return {.step = 1,
            .loss = 8.19962,
            .grad_norm = 1.29894,
            .memory_bytes = 2.65 * gib,
            .memory_capacity = 95 * gib,
            .tokens = 8 * 2048,
            .seconds = 8 * 2048 / 1772.4,
            .non_data_parallel_size = 1,
            .flops_per_token = 71'511'552,
            .peak_flops = 989e12};
}

std::string mesh_line(std::vector<std::string_view> names, std::vector<long> sizes) {
    return st::device_mesh_line(names, sizes);
}

}  // namespace

TEST_CASE("the mesh line") {
    CHECK(mesh_line({"dp_shard", "tp"}, {2, 4}) == "Building 2-D device mesh with ['dp_shard', 'tp'], [2, 4]");
    CHECK(mesh_line({"tp"}, {8}) == "Building 1-D device mesh with ['tp'], [8]");
    CHECK(mesh_line({}, {}) == "Building 0-D device mesh with [], []");
}

TEST_CASE("the step line") {
    CHECK(st::step_line(example()) ==
          "step:  1  loss:  8.1996  grad_norm:  1.2989  memory:  2.65GiB(2.79%)  "
          "tps: 1,772  tflops: 0.13  mfu: 0.01%");
    st::step_metrics m = example();
    m.step = 1000;
    m.loss = 12345.6;
    m.grad_norm = 100;
    m.memory_bytes = 79.5 * gib;
    m.memory_capacity = 80 * gib;
    m.seconds = 0.25;
    m.flops_per_token = 4e10;
    CHECK(st::step_line(m) ==
          "step: 1000  loss: 12345.6000  grad_norm: 100.0000  memory: 79.50GiB(99.38%)  "
          "tps: 65,536  tflops: 2,621.44  mfu: 265.06%");
    m.loss = std::numeric_limits<double>::quiet_NaN();
    m.seconds = 0;
    CHECK(st::step_line(m) ==
          "step: 1000  loss:     nan  grad_norm: 100.0000  memory: 79.50GiB(99.38%)  "
          "tps: inf  tflops: inf  mfu: inf%");
}

TEST_CASE("what an evaluation reads") {
    CHECK(st::evaluation_line(3, 2048, 6505) ==
          "an evaluation reads 6,144 of 6,505 held-out tokens, in whole batches of 2,048; the last 361 are left out");
    CHECK(st::evaluation_line(1, 100, 101) ==
          "an evaluation reads 100 of 101 held-out tokens, in whole batches of 100; the last 1 are left out");
    CHECK(st::evaluation_line(1, 2048, 500) ==
          "an evaluation reads one batch of 2,048 tokens: the 500 held-out tokens, repeated");
    CHECK(st::evaluation_line(1, 2048, 2048) ==
          "an evaluation reads one batch of 2,048 tokens: the 2,048 held-out tokens, repeated");
}

TEST_CASE("tokens per second count each device of a tensor-parallel group") {
    st::step_metrics m = example();
    m.tokens = 1000;
    m.seconds = 0.5;
    CHECK(m.tokens_per_second() == 2000);
    m.non_data_parallel_size = 4;
    CHECK(m.tokens_per_second() == 500);
    m.flops_per_token = 2e9;
    CHECK(m.flops_per_second() == 1e12);
    m.peak_flops = 4e12;
    CHECK(m.mfu() == 25);
}

TEST_CASE("flops per token: the table that is looked up is free, attention grows with seq") {
    CHECK(st::flops_per_token(debug_model, 1) - st::flops_per_token(debug_model, 0) == 12. * 6 * 256);
    st::model_size wider = debug_model;
    wider.parameters += 100;
    CHECK(st::flops_per_token(wider, 2048) - st::flops_per_token(debug_model, 2048) == 600);
    wider.embedding_parameters += 100;
    CHECK(st::flops_per_token(wider, 2048) == st::flops_per_token(debug_model, 2048));
}

TEST_CASE("thousands") {
    const auto grouped = [](double value, int decimals = 0) { return st::detail::number(value, decimals, true); };
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(999.6) == "1,000");
    CHECK(grouped(1234567.891, 2) == "1,234,567.89");
    CHECK(grouped(-123456) == "-123,456");
    CHECK(grouped(-123) == "-123");
    CHECK(grouped(100000.5, 1) == "100,000.5");
    CHECK(grouped(1e300).size() == 301 + 100);
}

TEST_CASE("byte counts") {
    CHECK(st::byte_count(0) == "0 B");
    CHECK(st::byte_count(1023) == "1023 B");
    CHECK(st::byte_count(1536) == "1.50 KiB");
    CHECK(st::byte_count(23.4 * 1024 * 1024) == "23.40 MiB");
    CHECK(st::byte_count(1.15 * gib) == "1.15 GiB");
    CHECK(st::byte_count(5000 * gib) == "5,000.00 GiB");
}

TEST_CASE("the closing table") {
    const std::vector<st::run_summary> runs{
        {"fsdp", "[8] dp_shard", 8.19961, 7.3036, 1366904, 25. * 1024 * 1024, 3.5},
        {"fsdp + tp", "[2, 4] dp_shard, tp", 8.2345, 7.7052, 84341, 1.15 * gib, 1234.567},
    };
    CHECK(st::closing_table(runs) ==
          "layout     mesh                 first loss  last loss   tokens/s  memory/rank   seconds\n"
          "---------  -------------------  ----------  ---------  ---------  -----------  --------\n"
          "fsdp       [8] dp_shard             8.1996     7.3036  1,366,904    25.00 MiB      3.50\n"
          "fsdp + tp  [2, 4] dp_shard, tp      8.2345     7.7052     84,341     1.15 GiB  1,234.57\n");
    CHECK(st::closing_table({}) ==
          "layout  mesh  first loss  last loss  tokens/s  memory/rank  seconds\n"
          "------  ----  ----------  ---------  --------  -----------  -------\n");
}

TEST_CASE("held-out losses: a line, and a column where there are any") {
    CHECK(st::validation_line(example()) == "validate step:  1  loss:  8.1996  memory:  2.65GiB(2.79%)  tps: 1,772");
    std::vector<st::run_summary> runs{{"a", "[8]", 8, 7, 1000, 1024, 3.5}, {"b", "[8]", 8, 7, 1000, 1024, 3.5}};
    CHECK_FALSE(st::any_validation(runs));
    runs[1].validation_loss = 7.25;
    CHECK(st::any_validation(runs));
    CHECK(st::closing_table(runs) ==
          "layout  mesh  first loss  last loss  validation  tokens/s  memory/rank  seconds\n"
          "------  ----  ----------  ---------  ----------  --------  -----------  -------\n"
          "a       [8]       8.0000     7.0000         nan     1,000     1.00 KiB     3.50\n"
          "b       [8]       8.0000     7.0000      7.2500     1,000     1.00 KiB     3.50\n");
}
