// Thread ranks that share one device: every collective, against a plain computation, bit by bit, and against thread
// ranks of the CPU; orders of streams drawn anew for each seed.

#include <doctest/doctest.h>

#include "gpu_lab.hpp"

#include <shardtype/comm/shared_gpu/world.hpp>
#include <shardtype/comm/thread/world.hpp>

#include <atomic>

using namespace shardtype;
using shared_gpu::rank_communicators;

namespace {

std::vector<std::vector<int>> const meshes = {{1}, {2}, {2, 2}, {2, 3}};


template <class F>
void on_mesh(std::vector<int> const& sizes, F f) {
    shared_gpu::world ranks(sizes.data(), static_cast<int>(sizes.size()), 4);
    ranks.run(f);
}

// What run() throws, "" where it returns. An end must never be a hang.
template <class F>
std::string message_of(shared_gpu::world& ranks, F f) {
    auto const begin = std::chrono::steady_clock::now();
    std::string message;
    try {
        ranks.run(f);
    } catch (std::runtime_error const& error) {
        message = error.what();
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    return message;
}

bool contains(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE_TEMPLATE("collectives", T, float, double, bf16, int) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 3; ++seed) {
            fake::set_seed(seed);
            on_mesh(sizes, [&](rank_communicators& me) { lab::collectives<T>(me, sizes, false); });
        }
}

TEST_CASE_TEMPLATE("several in flight, on several axes", T, float, bf16) {
    for (auto const& sizes : meshes)
        for (unsigned seed = 1; seed <= 15; ++seed) {
            fake::set_seed(seed);
            on_mesh(sizes, [&](rank_communicators& me) { lab::crossing<T>(me, sizes, false); });
        }
}
