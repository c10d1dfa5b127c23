#pragma once
#include "memory.hpp"
#include "nccl_data.hpp"
#include "streams.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace fake {

/// The calls of one group, or a single call, of one rank: one operation of its stream. It starts to wait for the peers
/// once the stream has come to it and ends when all its calls are done.
struct nccl_launch {
    ncclComm_t comm = nullptr;
    std::vector<nccl_call> calls;
    std::vector<long> sequences;
    std::size_t left = 0;
    std::weak_ptr<op> node;
    bool arrived = false;
    bool over = false;
};
using launch_ptr = std::shared_ptr<nccl_launch>;

struct arrival {
    launch_ptr launch;
    std::size_t index = 0;
    nccl_call const& call() const { return launch->calls[index]; }
};

struct nccl_split {
    struct entry {
        ncclComm_t parent;
        int color, key;
        ncclComm_t made;
        bool blocking;
    };
    std::vector<entry> entries;
    bool complete = false;
};

/// What the ranks of one communicator share.
struct clique {
    int ranks = 0;
    std::vector<ncclComm_t> members;
    int joined = 0;
    bool refused = false;
    std::map<long, std::vector<arrival>> meetings;                    ///< of collectives, by sequence number
    std::map<std::tuple<int, int, long>, std::vector<arrival>> mail;  ///< of (from, to, sequence)
    std::map<long, nccl_split> splits;
    bool complete() const { return joined == ranks; }
};

}  // namespace fake

struct ncclComm {
    std::shared_ptr<fake::clique> group;
    int rank = 0;
    int device = 0;
    bool blocking = true;
    bool dead = false;
    bool initialised = false;
    ncclResult_t broken = ncclSuccess;  ///< an asynchronous error: nothing completes any more
    long polls_left = 0;                ///< that still say ncclInProgress
    std::function<bool()> unfinished;   ///< with the lock: what a poll has to complete; true when it is
    long collectives = 0;
    long splits = 0;
    std::map<int, long> sent, received;
    fake::op_ptr last;
    std::vector<fake::launch_ptr> open;
    std::vector<fake::op_ptr> moving;                         ///< operations that read or write this rank's buffers
    std::shared_ptr<int> recorded = std::make_shared<int>();  ///< whoever else has it is in a graph that lives
};

namespace fake {

inline bool nccl_wrong_values = false;
inline bool nccl_shared_devices = false;
inline thread_local std::string nccl_message;
inline std::map<std::string, std::shared_ptr<clique>> nccl_cliques;
inline std::vector<std::unique_ptr<ncclComm>> nccl_comms;  ///< never deleted, so that a late use is seen

/// Collectives whose arguments differ among the ranks end with garbage instead of never: for checks of checks.
inline void set_nccl_wrong_values(bool on) { nccl_wrong_values = on; }
/// Several ranks of a communicator may have the same device, which NCCL refuses.
inline void allow_nccl_shared_devices(bool on) { nccl_shared_devices = on; }

inline ncclResult_t nccl_error(ncclResult_t code, std::string message) {
    nccl_message = std::move(message);
    return code;
}

/// With the lock: a call of a launch is done or given up.
inline void call_done(nccl_launch& launch) {
    if (launch.over || --launch.left > 0) return;
    launch.over = true;
    auto& open = launch.comm->open;
    for (std::size_t i = 0; i < open.size(); ++i) {
        if (open[i].get() != &launch) continue;
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        break;
    }
    if (auto const node = launch.node.lock(); node != nullptr && !node->done) world.make_ready(*node);
}

inline bool still_there(nccl_call const& call, int rank, int ranks) {
    auto const read = call.bytes_read(rank, ranks);
    auto const written = call.bytes_written(rank, ranks);
    return (read == 0 || is_device_memory(call.from, read)) && (written == 0 || is_device_memory(call.to, written));
}

/// With the lock: the data move as an operation of its own once all ranks are there.
inline void perform(std::vector<arrival> const& all, bool matching) {
    auto const work = make_op(all[0].launch->comm->device, world.new_lane(), name(all[0].call().kind), {});
    work->run = [all, matching] {
        std::vector<nccl_call> calls;
        bool there = true;
        for (auto const& each : all) {
            calls.push_back(each.call());
            auto const& comm = *each.launch->comm;
            there = there && still_there(each.call(), comm.rank, comm.group->ranks);
        }
        if (!there) {
            fail(std::string(name(calls[0].kind)) + ": a buffer was freed before the operation ran");
        } else if (!matching) {
            for (auto const& each : all) {
                auto const& comm = *each.launch->comm;
                std::memset(each.call().to, 0x3e, each.call().bytes_written(comm.rank, comm.group->ranks));
            }
        } else if (calls[0].kind == nccl_kind::send) {
            std::memmove(calls[1].to, calls[0].from, calls[0].unit());
        } else {
            run_collective(calls);
        }
        auto const lock = locked();
        for (auto const& each : all) call_done(*each.launch);
    };
    for (auto const& each : all) {
        auto& moving = each.launch->comm->moving;
        std::erase_if(moving, [](op_ptr const& one) { return one->done; });
        moving.push_back(work);
    }
    world.add(work, {});
}

/// With the lock: goes on where everybody is there and nobody has failed.
inline void try_collective(clique& group, long sequence) {
    auto const found = group.meetings.find(sequence);
    if (found == group.meetings.end() || found->second.size() != static_cast<std::size_t>(group.ranks)) return;
    auto& all = found->second;
    bool matching = true;
    for (auto const& each : all) {
        matching = matching && each.call().matches(all[0].call());
        if (each.launch->comm->broken != ncclSuccess) return;
    }
    if (!matching && !nccl_wrong_values) return;  // hangs, as NCCL would
    std::sort(all.begin(), all.end(),
              [](arrival const& a, arrival const& b) { return a.launch->comm->rank < b.launch->comm->rank; });
    auto ready = std::move(all);
    group.meetings.erase(found);
    perform(ready, matching);
}

inline void try_mail(clique& group, std::tuple<int, int, long> const& address) {
    auto const found = group.mail.find(address);
    if (found == group.mail.end() || found->second.size() != 2) return;
    auto& both = found->second;
    for (auto const& each : both) {
        if (each.launch->comm->broken != ncclSuccess) return;
    }
    if (both[0].call().kind == nccl_kind::receive) std::swap(both[0], both[1]);
    bool const matching = both[0].call().unit() == both[1].call().unit();
    if (!matching && !nccl_wrong_values) return;
    auto ready = std::move(both);
    group.mail.erase(found);
    perform(ready, matching);
}

/// With the lock: the stream has come to the launch. What it will write is garbage from now on.
inline void arrive(launch_ptr const& launch) {
    launch->arrived = true;
    auto& comm = *launch->comm;
    auto& group = *comm.group;
    if (comm.dead) {
        launch->left = 1;
        call_done(*launch);
        return;
    }
    for (auto const& call : launch->calls) {
        auto const bytes = call.bytes_written(comm.rank, group.ranks);
        if (bytes > 0 && !call.in_place(comm.rank) && is_device_memory(call.to, bytes)) {
            open_memory const open;
            std::memset(call.to, 0xff, bytes);
        }
    }
    for (std::size_t i = 0; i < launch->calls.size(); ++i) {
        auto const& call = launch->calls[i];
        auto const sequence = launch->sequences[i];
        if (call.kind == nccl_kind::send || call.kind == nccl_kind::receive) {
            bool const sends = call.kind == nccl_kind::send;
            std::tuple<int, int, long> const address{sends ? comm.rank : call.peer, sends ? call.peer : comm.rank,
                                                     sequence};
            group.mail[address].push_back({launch, i});
            try_mail(group, address);
        } else {
            group.meetings[sequence].push_back({launch, i});
            try_collective(group, sequence);
        }
    }
}

/// With the lock: a fresh operation of a stream for these calls, which get their places in the order of issue. A
/// communicator's launches follow one another whatever their streams.
inline op_ptr make_launch(ncclComm_t comm, std::vector<nccl_call> const& calls, unsigned lane) {
    auto const launch = std::make_shared<nccl_launch>();
    launch->comm = comm;
    launch->calls = calls;
    launch->left = calls.size();
    for (auto const& call : calls) {
        launch->sequences.push_back(call.kind == nccl_kind::send      ? comm->sent[call.peer]++
                                    : call.kind == nccl_kind::receive ? comm->received[call.peer]++
                                                                      : comm->collectives++);
    }
    auto made = make_op(comm->device, lane, name(calls[0].kind), {});
    launch->node = made;
    made->arrive = [launch](op&) { arrive(launch); };
    if (comm->last != nullptr && !comm->last->done) {
        comm->last->followers.push_back(made);
        ++made->blockers;
    }
    comm->last = made;
    comm->open.push_back(launch);
    return made;
}

}  // namespace fake
