// bf16 activations and used weights beside float32 state: the curve of float32, and no gather of the wide type.

#include <doctest/doctest.h>

#include "../support/layouts.hpp"

#include <shardtype/runtime.hpp>
#include <shardtype/train/corpus.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

namespace st = shardtype;

namespace {

struct size {
    static constexpr st::llama_config config{64, 2, 4, 4, 192, 256, 500000};
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 32};
};
template <class Layout, class Compute>
struct job : layouts::job<Layout, size> {
    using compute = Compute;
};

constexpr int steps = 200;

template <class Job>
std::vector<double> curve() {
    static st::corpus const tokens = st::corpus::from_path(SHARDTYPE_TEST_DATA "/gold_mha/tokens.bin");
    std::vector<double> losses;
    st::run<Job>([&](st::trainer<Job>& t) {
        t.initialise(1);
        st::learning_rate rate;
        rate.steps = steps;
        for (int s = 0; s < steps; ++s) {
            st::step_numbers n;
            n.adamw.lr = rate.at(s);
            n.adamw.step = s + 1;
            auto const r = t.step(n, [&](long row, int* in, int* out) {
                tokens.row(s % 4, row, Job::batch.global, Job::batch.sequence, in, out);
            });
            if (t.rank() == 0) losses.push_back(r.loss);
        }
    });
    return losses;
}

template <class Job>
void check_gathers() {
    st::schedule_view const s = st::program_of<Job>.schedule;
    int gathers = 0, reductions = 0;
    for (int g = 0; g < s.segment_count; ++g)
        for (int i = s.segments[g].begin; i < s.segments[g].end; ++i) {
            st::step const& t = s.steps[i];
            if (t.kind == st::step_kind::materialize) {
                ++gathers;
                CHECK(t.type == st::dtype::bf16);
            }
            if (t.kind != st::step_kind::collective_start || t.kernel != st::id_of<st::kernels::reduce_scatter>)
                continue;
            bool into_state = false;
            for (int k = 0; k < s.parameter_count; ++k)
                into_state = into_state || t.arg[1].buffer == s.parameters[k].gradient;
            if (into_state) {
                ++reductions;
                CHECK(t.type == st::dtype::f32);
            }
        }
    CHECK(gathers > 0);
    CHECK(reductions > 0);
}

}  // namespace

TEST_CASE("weights are gathered in bf16 only, their gradients reduced in float32") {
    check_gathers<job<layouts::fsdp_2_sp_4, st::bf16>>();
    check_gathers<job<layouts::zero2_8, st::bf16>>();
}

TEST_CASE("200 steps in bf16 stay within 0.3 % of the curve of float32") {
    auto const wide = curve<job<layouts::one, float>>();
    CHECK(wide.back() < 0.6 * wide.front());
    layouts::for_each<layouts::one, layouts::fsdp_2_sp_4, layouts::zero2_4_tp_2>([&]<class Layout>() {
        CAPTURE(Layout::name);
        auto const narrow = curve<job<Layout, st::bf16>>();
        double worst = 0, end = 0;
        int at = 0;
        for (std::size_t s = 0; s < narrow.size(); ++s) {
            double const d = std::abs(narrow[s] / wide[s] - 1);
            if (!(d <= worst)) worst = d, at = static_cast<int>(s) + 1;
            if (s + 20 >= narrow.size()) end += (narrow[s] - wide[s]) / wide[s] / 20;
        }
        std::printf(
            "%-50s bf16 against float32: furthest %.2g (step %d), mean of the last 20 %+.2g; loss %.4f to %.4f\n",
            Layout::name, worst, at, end, narrow.front(), narrow.back());
        CHECK(worst <= 0.003);
    });
}
