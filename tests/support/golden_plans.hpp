#pragma once

// Plans, to the bit as one compiler wrote them; all others are held to them, nvcc too (tests/structure/cuda_plan.cu).
#include <shardtype/plan/planner.hpp>
#include <shardtype/shardtype.hpp>

namespace golden_plans {

namespace st = shardtype;

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

}  // namespace golden_plans
