// One rank on a GPU gives the numbers of the float64 reference run: walked, recorded as graphs, and with NCCL. The small job
// that is compiled by nvcc wherever nvcc is.

#include "device_gold.hpp"

TEST_CASE("one rank gives the reference's losses, gradients and weights") { gold::check_shared<layouts::one>(); }

TEST_CASE("a recorded step gives the bits of a walked one, and NCCL's those of ranks that share a GPU") {
    using layout = layouts::one;
    gold::outcome walked, recorded, nccl;
    {
        gold::graphs const off(false);
        gold::share<layout>(walked);
    }
    gold::share<layout>(recorded);
    st::launch alone;
    alone.by = st::launcher::torchrun;
    alone.rank = alone.local_rank = 0;
    alone.size = 1;
    st::cuda::run_processes<gold::job<layout>>(alone, st::nccl::unique_id(), [&](auto& t) { gold::train(t, nccl); });
    for (auto const* other : {&recorded, &nccl}) {
        CHECK(other->loss == walked.loss);
        CHECK(other->norm == walked.norm);
        CHECK(other->gradients.values() == walked.gradients.values());
        CHECK(other->weights.values() == walked.weights.values());
    }
}
