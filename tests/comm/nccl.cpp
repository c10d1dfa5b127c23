// NCCL ranks on a fake of NCCL, whose processes are threads: every collective against a plain computation; orders of
// streams drawn anew for each seed.

#include <doctest/doctest.h>

#include "gpu_lab.hpp"
#include "nccl_ranks.hpp"

using namespace shardtype;
using nccl::rank_communicators;

namespace {

std::vector<std::vector<int>> const meshes = {{1}, {2}, {2, 2}, {2, 3}};

}  // namespace

TEST_CASE_TEMPLATE("collectives", T, float, double, bf16, int) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 2; ++seed) {
            fake::set_seed(seed);
            CHECK(lab::run(sizes, {}, [&](rank_communicators& me) { lab::collectives<T>(me, sizes, true); }) == "");
        }
}

TEST_CASE_TEMPLATE("several in flight, on several axes", T, float, bf16) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 6; ++seed) {
            fake::set_seed(seed);
            CHECK(lab::run(sizes, {}, [&](rank_communicators& me) { lab::crossing<T>(me, sizes, true); }) == "");
        }
}

TEST_CASE("the same where collectives are compared") {
    nccl::options with;
    with.check = true;
    for (auto const& sizes : meshes) {
        fake::set_seed(4);
        CHECK(lab::run(sizes, with, [&](rank_communicators& me) { lab::collectives<float>(me, sizes, true); }) == "");
        CHECK(lab::run(sizes, with, [&](rank_communicators& me) { lab::crossing<double>(me, sizes, true); }) == "");
    }
}
