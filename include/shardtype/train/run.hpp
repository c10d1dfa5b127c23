#pragma once

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/runtime/cpu/implementation.hpp>
#include <shardtype/train/trainer.hpp>

namespace shardtype {

/// Runs a job on thread ranks: `f(trainer<Job>&)` once per rank.
/// @throws std::runtime_error `rank R: ...` of the first rank that failed
/// @snippet 05_chain.cpp train
template <class Job, class F>
void run(F f) {
    using mesh = typename Job::mesh;
    thread::world world(mesh{}, 2 * program_of<Job>.schedule.at.slots, thread::staging_from::ranks);
    world.run([&](thread::rank_communicators& comm) {
        trainer<Job> mine(comm);
        f(mine);
    });
}

}  // namespace shardtype
