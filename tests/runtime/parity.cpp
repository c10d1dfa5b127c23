// One model and one global batch under every layout: the same losses. One seed twice: the same bytes.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"

#include <shardtype/runtime.hpp>
#include <shardtype/train/corpus.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace st = shardtype;

namespace {

// The debug model in small, with two query heads for each kv head, so that grouped heads are split too.
template <long KvHeads>
struct size {
    static constexpr st::llama_config config{128, 3, 8, KvHeads, 192, 320, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 32};
};

struct record {
    std::vector<double> loss;
    std::vector<double> norm;
    std::vector<std::vector<char>> state;  ///< of every rank: weights, gradients, both moments
    bool ranks_agree = true;
};

template <class Layout, class T, long KvHeads = 4>
record train(int steps, std::uint64_t seed = 1) {
    using job = layouts::job<Layout, size<KvHeads>, T>;
    static st::corpus const tokens = st::corpus::from_path(SHARDTYPE_TEST_DATA "/gold_mha/tokens.bin");
    constexpr auto ranks = static_cast<std::size_t>(Layout::mesh::size);
    auto const count = static_cast<std::size_t>(steps);
    std::vector<record> all(ranks);
    st::learning_rate rate;
    rate.steps = 10;
    record r;
    r.state.resize(ranks);
    st::run<job>([&](st::trainer<job>& t) {
        auto const rank = static_cast<std::size_t>(t.rank());
        t.initialise(seed);
        for (int s = 0; s < steps; ++s) {
            st::step_numbers n;
            n.adamw.lr = rate.at(s);
            n.adamw.step = s + 1;
            auto const result = t.step(n, [&](long row, int* in, int* out) {
                tokens.row(s, row, job::batch.global, job::batch.sequence, in, out);
            });
            all[rank].loss.push_back(result.loss);
            all[rank].norm.push_back(result.gradient_norm);
        }
        st::landmarks const& at = t.walk().program().schedule.at;
        short const regions[] = {at.weights, at.gradients, at.moment1, at.moment2};
        for (short region : regions) {
            char const* const begin = t.walk().template at<char>(region);
            r.state[rank].insert(r.state[rank].end(), begin, begin + at.state_bytes);
        }
    });
    r.loss = all[0].loss;
    r.norm = all[0].norm;
    for (record const& a : all) r.ranks_agree = r.ranks_agree && a.loss == r.loss && a.norm == r.norm;
    REQUIRE(r.loss.size() == count);
    return r;
}

double apart(std::vector<double> const& x, std::vector<double> const& y) {
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        double const d = std::abs(x[i] / y[i] - 1);
        if (!(d <= worst)) worst = d;
    }
    return worst;
}

/// Every layout against one rank alone.
template <class T, long KvHeads, class... Layouts>
void compare(int steps, double loss_bound, double norm_bound) {
    record const alone = train<layouts::one, T, KvHeads>(steps);
    MESSAGE("losses of one rank: first ", alone.loss.front(), ", last ", alone.loss.back());
    CHECK(alone.loss.back() < (steps < 4 ? 1 : 0.97) * alone.loss.front());
    layouts::for_each<Layouts...>([&]<class Layout>() {
        CAPTURE(Layout::name);
        record const r = train<Layout, T, KvHeads>(steps);
        double const loss = apart(r.loss, alone.loss), norm = apart(r.norm, alone.norm);
        std::printf("%-42s from one rank: loss %.2g, gradient norm %.2g\n", Layout::name, loss, norm);
        CHECK(loss <= loss_bound);
        CHECK(norm <= norm_bound);
        CHECK(r.ranks_agree);
    });
}

template <class T>
void compare_all(int steps, double loss_bound, double norm_bound) {
    compare<T, 4, layouts::fsdp_8, layouts::ddp_8, layouts::tp_4, layouts::sp_4, layouts::fsdp_2_tp_4,
            layouts::fsdp_2_sp_4, layouts::fsdp_4_sp_2, layouts::hsdp_2_2_sp_2>(steps, loss_bound, norm_bound);
}

}  // namespace

TEST_CASE("in float every layout has the losses of one rank, and they fall") { compare_all<float>(10, 1e-5, 1e-4); }

TEST_CASE("in double every layout has the losses of one rank to 1e-12") { compare_all<double>(4, 1e-12, 1e-11); }

TEST_CASE("two kv heads on four ranks: the axis in two parts") {
    compare<double, 2, layouts::divided_tp_4, layouts::divided_sp_4, layouts::fsdp_2_divided_sp_4>(4, 1e-12, 1e-11);
}

TEST_CASE("one kv head on all ranks") {
    compare<double, 1, layouts::tp_4, layouts::fsdp_2_sp_4, layouts::divided_sp_4>(4, 1e-12, 1e-11);
}

TEST_CASE("two runs with one seed are equal in every byte, another seed is another run") {
    layouts::for_each<layouts::one, layouts::fsdp_8, layouts::ddp_8, layouts::fsdp_2_sp_4, layouts::hsdp_2_2_sp_2>(
        []<class Layout>() {
            CAPTURE(Layout::name);
            record const a = train<Layout, float>(10), b = train<Layout, float>(10), c = train<Layout, float>(1, 2);
            CHECK(a.loss == b.loss);
            CHECK(a.norm == b.norm);
            CHECK(a.state == b.state);
            CHECK(c.loss[0] != a.loss[0]);
        });
}
