#pragma once

#include <shardtype/comm/mpi/process.hpp>
#include <shardtype/comm/thread/cpus.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <climits>
#include <cstddef>

#include <sched.h>

namespace shardtype::mpi {

using thread::detail::collective;
using thread::detail::operation;
using thread::detail::posting;

/// One process' part in a group of processes: messages from each to each, and who is late.
///
/// A collective is messages between pairs, not a collective of MPI's: the sums are made here, in rank order, so they
/// are bit by bit those of thread ranks; bf16 needs no type of MPI's; and the rank that a message does not come from is
/// known. Starts of a group are numbered and the number is part of the messages' tags.
///
/// Requests and room for the others' parts are a slot's own. Room grows at a start that needs more than was
/// lent before.
class group {
  public:
    struct flight;

    /// Takes `comm` over. `name`: for messages, `axis 0`. The lifeline outlives it.
    group(MPI_Comm comm, std::string name, int slots, lifeline& life, bool check)
        : comm_(comm), name_(std::move(name)), slots_(slots), life_(life), checks_(check) {
        MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
        MPI_Comm_rank(comm_, &rank_);
        MPI_Comm_size(comm_, &size_);
        crowded_ = life.neighbours() > thread::usable_cpus();
        std::vector<int> here(at(size_));
        for (int r = 0; r < size_; ++r) here[at(r)] = r;
        world_rank_.resize(at(size_));
        MPI_Group ours = MPI_GROUP_NULL, all = MPI_GROUP_NULL;
        MPI_Comm_group(comm_, &ours);
        MPI_Comm_group(MPI_COMM_WORLD, &all);
        detail::check(MPI_Group_translate_ranks(ours, size_, here.data(), all, world_rank_.data()),
                      "MPI_Group_translate_ranks");
        MPI_Group_free(&ours);
        MPI_Group_free(&all);
        flights_.resize(at(slots + 1));
        for (flight& f : flights_) {
            for (requests* list : {&f.heads, &f.receives, &f.sends}) {
                list->of.assign(at(2 * size_), MPI_REQUEST_NULL);
                list->peer.resize(at(2 * size_));
            }
            f.theirs.resize(at(size_));
        }
        done_.resize(at(2 * size_));
        statuses_.resize(at(2 * size_));
    }
    group(group const&) = delete;
    group& operator=(group const&) = delete;
    ~group() { MPI_Comm_free(&comm_); }

    /// Its place in the group, and the group's ranks.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int size() const noexcept { return size_; }
    /// @}
    /// The slot behind the caller's, for the calls that are start, wait and finish in one.
    [[nodiscard]] int own_slot() const noexcept { return slots_; }
    /// Seconds that this rank has waited here.
    [[nodiscard]] double waited_seconds() const noexcept { return waited_; }

    /// The room of a slot is from now on this memory, as long as it is enough.
    void lend(int slot, std::byte* memory, long bytes) {
        flights_.at(at(slot)).room = memory;
        flights_.at(at(slot)).room_bytes = bytes;
    }

    /// Begins the collective of these operands. `room`: bytes for parts of others, see `flight::parts`.
    /// @throws std::runtime_error if the slot is in use; std::invalid_argument for sizes out of range
    flight& start(posting const& operands, long room) {
        flight& f = flights_[checked(operands.what)];
        if (f.at != phase::none)
            throw std::runtime_error(describe(operands.what) + " starts in a slot where " + describe(f.operands.what) +
                                     " has not been " + (f.at == phase::started ? "waited for" : "finished"));
        if (room > f.room_bytes) {
            f.grown.resize(static_cast<std::size_t>(room));
            lend(operands.what.slot, f.grown.data(), room);
        }
        f.operands = operands;
        f.number = number_++;
        f.at = phase::started;
        f.heads.count = f.receives.count = f.sends.count = 0;
        if (checks_)
            for (int k = 1; k < size_; ++k) {
                int const from = (rank_ + size_ - k) % size_, to = (rank_ + k) % size_;
                post(f, f.heads, from, &f.theirs[at(from)], sizeof(operation), MPI_BYTE, 0, true);
                post(f, f.sends, to, &f.operands.what, sizeof(operation), MPI_BYTE, 0, false);
            }
        return f;
    }
    /// Messages of a collective under way: `part` 1, or 2 for a second one between the same two. Rank to itself: none.
    /// @{
    template <class T>
    void send(flight& f, int to, T const* from, long count, int part = 1) {
        if (to != rank_) post(f, f.sends, to, const_cast<T*>(from), count, type_of<T>(), part, false);
    }
    template <class T>
    void receive(flight& f, int from, T* to, long count, int part = 1) {
        if (from != rank_) post(f, f.receives, from, to, count, type_of<T>(), part, true);
    }
    /// @}
    /// The collective of these operands, all of whose messages have come.
    /// @throws std::runtime_error where this rank started something else there, where the ranks differ (if that is
    /// checked), or where MPI reports an error
    flight& wait(posting const& operands) {
        flight& f = expect(operands, phase::started, "wait for ");
        if (checks_) {
            complete(f, f.heads);
            f.theirs[at(rank_)] = operands.what;
            for (int r = 1; r < size_; ++r)
                if (!(f.theirs[at(r)] == f.theirs[0]))
                    throw std::runtime_error("mismatched collectives: rank 0 of the group is in " +
                                             describe(f.theirs[0]) + ", rank " + std::to_string(r) + " in " +
                                             describe(f.theirs[at(r)]));
        }
        complete(f, f.receives);
        f.at = phase::shared;
        return f;
    }
    /// Waits for every message so far, sent ones too.
    void settle(flight& f) {
        complete(f, f.receives);
        complete(f, f.sends);
    }
    /// Ends the collective of these operands: nobody reads them any more.
    void finish(posting const& operands) {
        flight& f = expect(operands, phase::shared, "finish of ");
        settle(f);
        f.at = phase::none;
    }

    /// This rank goes on with none of its collectives: it waits a second for them, for memory that they use is going.
    void withdraw() noexcept {
        for (flight& f : flights_) {
            if (f.at == phase::none) continue;
            for (requests* list : {&f.heads, &f.receives})
                for (int i = 0; i < list->count; ++i)
                    if (list->of[at(i)] != MPI_REQUEST_NULL) MPI_Cancel(&list->of[at(i)]);
            for (requests* list : {&f.heads, &f.receives, &f.sends}) {
                int all = 0;
                for (auto const begin = detail::clock::now(); !all && detail::seconds_since(begin) < 1;)
                    if (MPI_Testall(list->count, list->of.data(), &all, MPI_STATUSES_IGNORE) != MPI_SUCCESS) break;
            }
            f.at = phase::none;
        }
    }

  private:
    enum class phase : unsigned char { none, started, shared };
    struct requests {
        std::vector<MPI_Request> of;
        std::vector<int> peer;
        int count = 0;
    };

  public:
    /// A collective under way.
    struct flight {
        /// Its room for parts of others.
        template <class T>
        T* parts() {
            return reinterpret_cast<T*>(room);
        }

      private:
        friend group;
        posting operands{};
        unsigned number = 0;
        phase at = phase::none;
        requests heads, receives, sends;
        std::vector<operation> theirs;  // what the others are in
        std::byte* room = nullptr;
        long room_bytes = 0;
        std::vector<std::byte> grown;  // room where none was lent, or too little
    };

  private:
    static std::size_t at(int i) noexcept { return static_cast<std::size_t>(i); }

    template <class T>
    static MPI_Datatype type_of() {  // only moved: its size is all that counts
        static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
        return sizeof(T) == 1   ? MPI_UINT8_T
               : sizeof(T) == 2 ? MPI_UINT16_T
               : sizeof(T) == 4 ? MPI_UINT32_T
                                : MPI_UINT64_T;
    }

    void post(flight& f, requests& list, int peer, void* memory, long count, MPI_Datatype type, int part,
              bool receive) {
        if (count > INT_MAX)
            throw std::invalid_argument(describe(f.operands.what) + " has messages of " + std::to_string(count) +
                                        " elements: at most " + std::to_string(INT_MAX));
        int const tag = static_cast<int>(f.number % 8192) * 4 + part;  // the standard's least upper bound is 32767
        MPI_Request& request = list.of[at(list.count)];
        list.peer[at(list.count)] = peer;
        int const result = receive ? MPI_Irecv(memory, static_cast<int>(count), type, peer, tag, comm_, &request)
                                   : MPI_Isend(memory, static_cast<int>(count), type, peer, tag, comm_, &request);
        if (result != MPI_SUCCESS) fail(f, peer, result);
        ++list.count;
    }

    void complete(flight& f, requests& list) {
        if (list.count == 0 || some(f, list)) return;
        auto const begin = detail::clock::now();
        for (long tries = 0; !some(f, list); ++tries) {
            if (tries % 64 == 63) {
                life_.tick(begin);
                if (detail::seconds_since(begin) > life_.deadline()) give_up(f, list, begin);
            }
            rest(tries);
        }
        waited_ += detail::seconds_since(begin);
    }
    /// Whether all of the list is done.
    bool some(flight& f, requests& list) {
        int done = 0;
        int const result = MPI_Testsome(list.count, list.of.data(), &done, done_.data(), statuses_.data());
        if (result != MPI_SUCCESS) {
            if (result != MPI_ERR_IN_STATUS || done == MPI_UNDEFINED) fail(f, -1, result);
            for (int i = 0; i < done; ++i)
                if (int const error = statuses_[at(i)].MPI_ERROR; error != MPI_SUCCESS && error != MPI_ERR_PENDING)
                    fail(f, list.peer[at(done_[at(i)])], error);
        }
        if (done == MPI_UNDEFINED) return list.count = 0, true;
        return false;
    }
    void rest(long tries) const {
        if (tries < (crowded_ ? 0 : 2000)) return;
        if (tries < (crowded_ ? 200 : 20000)) {
            sched_yield();
            return;
        }
        timespec const nap{0, 50'000};
        nanosleep(&nap, nullptr);
    }

    [[nodiscard]] std::string where(flight const& f) const {
        return life_.name(life_.rank()) + ": " + describe(f.operands.what) + " of " + name_;
    }
    [[noreturn]] void fail(flight const& f, int peer, int error) const {
        throw std::runtime_error(describe(f.operands.what) + " of " + name_ +
                                 (peer < 0 ? "" : ", with " + life_.name(world_rank_[at(peer)])) + ": " +
                                 detail::text_of(error));
    }
    [[noreturn]] void give_up(flight const& f, requests const& list, detail::clock::time_point begin) const {
        std::string late;
        for (int i = 0; i < list.count; ++i)
            if (list.of[at(i)] != MPI_REQUEST_NULL)
                late += (late.empty() ? "" : ", ") + life_.name(world_rank_[at(list.peer[at(i)])]);
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.3g", life_.deadline());
        detail::leave(where(f) + " has waited " + seconds + " s for " + late + life_.silent(begin));
    }

    flight& expect(posting const& operands, phase before, char const* verb) {
        flight& f = flights_[checked(operands.what)];
        if (f.at != before || !(f.operands == operands))
            throw std::runtime_error(verb + describe(operands.what) + ", but what was started there is " +
                                     describe(f.at == phase::none ? operation{} : f.operands.what) +
                                     (f.at != phase::none && f.operands.what == operands.what
                                          ? (f.operands == operands ? " at another phase" : " on other operands")
                                          : ""));
        return f;
    }
    [[nodiscard]] std::size_t checked(operation const& what) const {
        if (what.slot < 0 || what.slot > slots_)
            throw std::invalid_argument("slot " + std::to_string(what.slot) + " of a group of " +
                                        std::to_string(slots_) + " slots, in " + describe(what));
        if (what.outer < 0 || what.split < 0 || what.middle < 0 || what.block < 0 || what.root < 0 ||
            what.root >= size_)
            throw std::invalid_argument("a size or root out of range in a group of " + std::to_string(size_) + ": " +
                                        describe(what));
        return at(what.slot);
    }

    MPI_Comm comm_;
    std::string name_;
    int slots_, rank_ = 0, size_ = 1;
    lifeline& life_;
    bool checks_, crowded_ = false;
    double waited_ = 0;
    unsigned number_ = 0;
    std::vector<int> world_rank_;
    std::vector<flight> flights_;
    std::vector<int> done_;
    std::vector<MPI_Status> statuses_;
};

}  // namespace shardtype::mpi
