// A plan is the same to the bit in every compiler and at run time: the constants below were written by one of them, and
// tests/compilers.sh and tests/nvcc.sh hold the others to them.
#include <shardtype/plan/planner.hpp>
#include <shardtype/search/certificate.hpp>
#include <shardtype/shardtype.hpp>

#include <doctest/doctest.h>

#include <memory>

namespace st = shardtype;

namespace {

struct dp final : st::axis<8> {};
struct tp final : st::axis<8> {};

template <long Bytes>
struct llama_8b {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<st::llama3_8b>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = 64, .sequence = 8192};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints{.device_memory = Bytes};
};
struct llama_405b {
    using mesh = st::mesh<st::dp_replicate<4>, st::dp_shard<32>, st::tp<8>>;
    using model = st::llama<st::llama3_405b>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = 256, .sequence = 8192};
    static constexpr st::hardware hardware = st::h100_sxm;
};
struct tied_gpt2 {
    using mesh = st::mesh<dp, tp>;
    using model = st::gpt2<st::gpt2_xl>;
    using compute = st::bf16;
    static constexpr st::batch_shape batch{.global = 64, .sequence = 1024};
    static constexpr st::hardware hardware = st::h100_sxm;
    static constexpr st::constraints constraints{.device_memory = 6'000'000'000};
};

template <class Job>
constexpr bool is(long time, long memory, long labels) {
    st::model_plan const& p = st::plan<Job>;
    return p.optimal && p.time == time && p.memory == memory && p.certificate.labels == labels;
}
static_assert(is<llama_8b<20'000'000'000>>(876172749, 19956833280, 2732));
static_assert(is<llama_8b<60'000'000'000>>(718502693, 57924561920, 179));
static_assert(is<llama_405b>(11599882371, 78540974080, 2128));
static_assert(is<tied_gpt2>(148677845, 5984887808, 0));

/// The same job, planned now.
template <class Job>
void check_at_run_time() {
    using at_compile_time = st::detail::planning<Job, st::buffers_only>;
    auto const planner = std::make_unique<st::run_time_planner<typename Job::model, Job::mesh::axes>>();
    st::detail::planned_case const& of = at_compile_time::of;
    planner->prepare(of.on, of.bound, of.batch, of.element, of.compute);
    planner->state();
    st::model_plan const now = planner->find();
    st::model_plan const& then = st::plan<Job>;
    CHECK(now.time == then.time);
    CHECK(now.memory == then.memory);
    CHECK(now.certificate.labels == then.certificate.labels);
    REQUIRE(now.layers == then.layers);
    for (int i = 0; i < now.layers; ++i) {
        CHECK(now.layer[i].roles == then.layer[i].roles);
        CHECK(now.layer[i].count == then.layer[i].count);
        CHECK(now.layer[i].cost.time() == then.layer[i].cost.time());
    }
    if (!planner->assembled.any_tied())
        CHECK(st::check_certificate(at_compile_time::problem, at_compile_time::solution) ==
              st::certificate_fault::none);
}

}  // namespace

TEST_CASE("plans of the compiler and of the run time are equal") {
    check_at_run_time<llama_8b<20'000'000'000>>();
    check_at_run_time<llama_8b<60'000'000'000>>();
    check_at_run_time<llama_405b>();
    check_at_run_time<tied_gpt2>();
}
