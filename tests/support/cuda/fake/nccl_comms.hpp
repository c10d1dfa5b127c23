#pragma once
#include "nccl_world.hpp"

#include <algorithm>
#include <string>
#include <tuple>

/// The life of communicators. Everything here is called with the scheduler's lock.
namespace fake {

inline ncclResult_t check_comm(ncclComm_t comm, char const* api, bool ready = true) {
    bool const known =
        std::any_of(nccl_comms.begin(), nccl_comms.end(), [&](auto const& one) { return one.get() == comm; });
    if (comm == nullptr || !known) {
        return nccl_error(ncclInvalidArgument, std::string(api) + ": not a communicator");
    }
    if (comm->dead) {
        fail(std::string(api) + ": the communicator was destroyed or aborted before");
        return nccl_error(ncclInvalidArgument, std::string(api) + ": the communicator is destroyed");
    }
    if (ready && (comm->unfinished || !comm->initialised)) {
        return nccl_error(ncclInvalidArgument, std::string(api) +
                                                   ": the communicator is used before its previous call has returned "
                                                   "ncclSuccess");
    }
    return ncclSuccess;
}

inline ncclComm_t new_comm(int device, bool blocking) {
    nccl_comms.push_back(std::make_unique<ncclComm>());
    nccl_comms.back()->device = device;
    nccl_comms.back()->blocking = blocking;
    return nccl_comms.back().get();
}

/// All ranks have called: one new communicator per color, ranks in the order of the keys.
inline void make_split(nccl_split& split) {
    auto& entries = split.entries;
    std::sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
        return std::tie(a.color, a.key, a.parent->rank) < std::tie(b.color, b.key, b.parent->rank);
    });
    std::shared_ptr<clique> group;
    int color = NCCL_SPLIT_NOCOLOR;
    for (auto& entry : entries) {
        if (entry.color == NCCL_SPLIT_NOCOLOR) continue;
        if (entry.color != color) group = std::make_shared<clique>();
        color = entry.color;
        entry.made = new_comm(entry.parent->device, entry.blocking);
        entry.made->group = group;
        entry.made->rank = group->ranks++;
        entry.made->initialised = true;
        group->members.push_back(entry.made);
        ++group->joined;
    }
    split.complete = true;
}

/// Several polls go by before a call that does not block is done.
inline void put_off(ncclComm_t comm, std::function<bool()> completes) {
    comm->polls_left = static_cast<long>(mixed(seed + static_cast<std::uint64_t>(comm->collectives)) % 3);
    comm->unfinished = std::move(completes);
}

/// The end of a call that other ranks or the stream have to complete: now, or put off to later polls.
inline ncclResult_t complete(lock_type& lock, ncclComm_t comm, std::function<bool()> completes) {
    if (!comm->blocking) {
        put_off(comm, std::move(completes));
        world.notify();
        return ncclInProgress;
    }
    comm->unfinished = completes;
    world.notify();
    world.wait_for_host(lock, [&] { return comm->broken != ncclSuccess || completes(); });
    comm->unfinished = nullptr;
    return comm->broken;
}

/// One poll: completes what was put off once its time has come.
inline ncclResult_t poll(lock_type& lock, ncclComm_t comm) {
    if (comm->broken != ncclSuccess) return comm->broken;
    if (!comm->unfinished) return comm->initialised ? ncclSuccess : ncclInProgress;
    if (comm->polls_left-- > 0) return ncclInProgress;
    auto const completes = comm->unfinished;
    if (!completes()) {
        world.pause(lock);
        return ncclInProgress;
    }
    if (comm->broken != ncclSuccess) return comm->broken;
    comm->unfinished = nullptr;
    return ncclSuccess;
}

inline ncclResult_t join(lock_type& lock, ncclComm_t* to, int ranks, ncclUniqueId const& id, int rank, bool blocking) {
    *to = nullptr;
    auto const found = nccl_cliques.find(std::string(id.internal, sizeof(id.internal)));
    if (found == nccl_cliques.end()) return nccl_error(ncclInvalidArgument, "not an id of ncclGetUniqueId");
    auto const group = found->second;
    if (ranks < 1 || rank < 0 || rank >= ranks) return nccl_error(ncclInvalidArgument, "no such rank");
    if (group->ranks == 0) {
        group->ranks = ranks;
        group->members.resize(static_cast<std::size_t>(ranks));
    }
    auto const place = static_cast<std::size_t>(rank);
    if (group->ranks != ranks || group->members[place] != nullptr) {
        return nccl_error(ncclInvalidUsage, "the ranks do not agree on their number, or two are the same");
    }
    auto* const made = new_comm(current_device, blocking);
    made->group = group;
    made->rank = rank;
    group->members[place] = made;
    *to = made;
    if (++group->joined == ranks && !nccl_shared_devices) {
        for (auto const* a : group->members) {
            for (auto const* b : group->members) group->refused |= a != b && a->device == b->device;
        }
    }
    return complete(lock, made, [group, made] {
        if (!group->complete()) return false;
        made->initialised = true;
        if (group->refused) {
            made->broken = nccl_error(ncclInvalidUsage, "Duplicate GPU detected: two ranks have the same device");
        }
        return true;
    });
}

/// The new communicator is written to `to` only when the parent says that it is done.
inline ncclResult_t split(lock_type& lock, ncclComm_t parent, int color, int key, ncclComm_t* to,
                          ncclConfig_t const* config) {
    if (color < NCCL_SPLIT_NOCOLOR) return nccl_error(ncclInvalidArgument, "ncclCommSplit: a negative color");
    *to = nullptr;
    auto const group = parent->group;
    auto const number = parent->splits++;
    auto& all = group->splits[number];
    bool const own = config != nullptr && config->blocking != NCCL_CONFIG_UNDEF_INT;
    all.entries.push_back({parent, color, key, nullptr, own ? config->blocking != 0 : parent->blocking});
    if (all.entries.size() == static_cast<std::size_t>(group->ranks)) make_split(all);
    return complete(lock, parent, [group, number, parent, to] {
        auto const& done = group->splits[number];
        if (!done.complete) return false;
        for (auto const& entry : done.entries) {
            if (entry.parent == parent) *to = entry.made;
        }
        return true;
    });
}

/// What is pending on this rank ends with garbage; the peers wait for ever.
inline void abort(lock_type& lock, ncclComm_t comm) {
    comm->dead = true;
    comm->unfinished = nullptr;
    if (comm->broken == ncclSuccess) comm->broken = ncclInternalError;
    auto& group = *comm->group;
    auto const of_comm = [&](arrival const& one) { return one.launch->comm == comm; };
    for (auto& [sequence, all] : group.meetings) std::erase_if(all, of_comm);
    for (auto& [address, both] : group.mail) std::erase_if(both, of_comm);
    for (auto const& work : std::vector<op_ptr>(comm->moving)) world.wait(lock, work);
    for (auto const& launch : std::vector<launch_ptr>(comm->open)) {
        if (!launch->arrived) continue;
        launch->left = 1;
        call_done(*launch);
    }
    world.notify();
}

/// An asynchronous error of one rank of the clique that `comm` belongs to, or of all (rank -1): from now on nothing
/// that needs that rank completes.
inline void nccl_fail(ncclComm_t comm, int rank, ncclResult_t error) {
    auto const lock = locked();
    for (auto* member : comm->group->members) {
        if (member != nullptr && (rank < 0 || member->rank == rank)) member->broken = error;
    }
    world.notify();
}

}  // namespace fake
