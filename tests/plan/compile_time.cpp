// A plan is the same to the bit in every compiler and at run time: the constants of support/golden_plans.hpp were written
// by one of them. tests/compilers.sh holds clang to them, tests/structure/cuda_plan.cu nvcc.
#include <shardtype/search/certificate.hpp>

#include "../support/golden_plans.hpp"

#include <doctest/doctest.h>

#include <memory>

namespace {

using namespace golden_plans;

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
