#pragma once

#include <shardtype/comm/mpi/flight.hpp>
#include <shardtype/comm/mpi/process.hpp>
#include <shardtype/comm/thread/cpus.hpp>

#include <climits>
#include <cstddef>

#include <sched.h>

namespace shardtype::mpi {

/// One process' part in a group of processes: messages from each to each, and who is late.
///
/// A collective is messages between pairs, not a collective of MPI's: the sums are made here, in rank order, so they
/// are bit by bit those of thread ranks; bf16 needs no type of MPI's; and the rank that a message does not come from is
/// known. Starts of a group are numbered and the number is part of the messages' tags.
class group {
  public:
    /// Takes `comm` over. `name`: for messages, `axis 0`. The lifeline outlives it.
    group(MPI_Comm comm, std::string name, int slots, lifeline& life, bool check)
        : comm_(comm), name_(std::move(name)), slots_(slots), life_(life), checks_(check) {
        MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
        MPI_Comm_rank(comm_, &rank_);
        MPI_Comm_size(comm_, &size_);
        crowded_ = life.neighbours() > thread::usable_cpus();
        std::vector<int> here;
        for (int r = 0; r < size_; ++r) here.push_back(r);
        world_rank_.resize(at(size_));
        MPI_Group ours = MPI_GROUP_NULL, all = MPI_GROUP_NULL;
        MPI_Comm_group(comm_, &ours);
        MPI_Comm_group(MPI_COMM_WORLD, &all);
        detail::check(MPI_Group_translate_ranks(ours, size_, here.data(), all, world_rank_.data()),
                      "MPI_Group_translate_ranks");
        MPI_Group_free(&ours);
        MPI_Group_free(&all);
        flights_.assign(at(slots + 1), flight(size_));
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
    /// The slot of the calls that are start, wait and finish in one.
    [[nodiscard]] int own_slot() const noexcept { return slots_; }
    /// Seconds that this rank has waited here.
    [[nodiscard]] double waited_seconds() const noexcept { return waited_; }

    /// Bytes of room that nobody lent.
    [[nodiscard]] long own_room_bytes() const noexcept {
        long sum = 0;
        for (flight const& f : flights_) sum += static_cast<long>(f.own_.size());
        return sum;
    }
    /// See `communicator::lend`.
    void lend(int slot, std::byte* memory, long bytes) {
        flight& f = flights_.at(at(slot));
        if (f.at_ == flight::phase::none) f.lend(memory, bytes);  // else the start that follows is refused
    }

    /// Begins the collective of these operands. `room`: bytes for parts of others, see `flight::parts`.
    /// @throws std::runtime_error if the slot is in use; std::invalid_argument for sizes out of range
    flight& start(posting const& operands, long room) {
        flight& f = flights_[checked(operands.what)];
        if (f.at_ != flight::phase::none)
            throw std::runtime_error(describe(operands.what) + " starts in a slot where " + describe(f.operands_.what) +
                                     " has not been " + (f.at_ == flight::phase::started ? "waited for" : "finished"));
        f.take_room(room);
        f.operands_ = operands;
        f.number_ = number_++;
        f.at_ = flight::phase::started;
        f.heads_.count = f.receives_.count = f.sends_.count = 0;
        if (checks_)
            for (int k = 1; k < size_; ++k) {
                int const from = (rank_ + size_ - k) % size_, to = (rank_ + k) % size_;
                post(f, f.heads_, from, &f.theirs_[at(from)], sizeof(operation), MPI_BYTE, 0, true);
                post(f, f.sends_, to, &f.operands_.what, sizeof(operation), MPI_BYTE, 0, false);
            }
        return f;
    }
    /// Messages of a collective under way: `part` 1, or 2 for a second one between the same two. Rank to itself: none.
    /// @{
    template <class T>
    void send(flight& f, int to, T const* from, long count, int part = 1) {
        if (to != rank_) post(f, f.sends_, to, const_cast<T*>(from), count, detail::datatype_of<T>(), part, false);
    }
    template <class T>
    void receive(flight& f, int from, T* to, long count, int part = 1) {
        if (from != rank_) post(f, f.receives_, from, to, count, detail::datatype_of<T>(), part, true);
    }
    /// @}
    /// The collective of these operands, all of whose messages have come.
    /// @throws std::runtime_error where this rank started something else there, where the ranks differ (if that is
    /// checked), or where MPI reports an error
    flight& wait(posting const& operands) {
        flight& f = expect(operands, flight::phase::started, "wait for ");
        if (checks_) {
            complete(f, f.heads_);
            f.theirs_[at(rank_)] = operands.what;
            for (int r = 1; r < size_; ++r)
                if (!(f.theirs_[at(r)] == f.theirs_[0]))
                    throw std::runtime_error("mismatched collectives: rank 0 of the group is in " +
                                             describe(f.theirs_[0]) + ", rank " + std::to_string(r) + " in " +
                                             describe(f.theirs_[at(r)]));
        }
        complete(f, f.receives_);
        f.at_ = flight::phase::shared;
        return f;
    }
    /// Waits for every message so far, sent ones too.
    void settle(flight& f) {
        complete(f, f.receives_);
        complete(f, f.sends_);
    }
    /// Ends the collective of these operands: nobody reads them any more.
    void finish(posting const& operands) {
        flight& f = expect(operands, flight::phase::shared, "finish of ");
        settle(f);
        f.end();
    }
    /// This rank goes on with none of its collectives: it waits a second for them, for memory that they use is going.
    void withdraw() noexcept {
        for (flight& f : flights_) {
            if (f.at_ == flight::phase::none) continue;
            f.heads_.cancel();
            f.receives_.cancel();
            for (messages* list : {&f.heads_, &f.receives_, &f.sends_}) {
                int all = 0;
                for (auto const begin = detail::clock::now(); !all && detail::seconds_since(begin) < 1;)
                    if (MPI_Testall(list->count, list->of.data(), &all, MPI_STATUSES_IGNORE) != MPI_SUCCESS) break;
            }
            f.end();
        }
    }

  private:
    static std::size_t at(int i) noexcept { return static_cast<std::size_t>(i); }

    void post(flight& f, messages& list, int peer, void* memory, long count, MPI_Datatype type, int part,
              bool receive) {
        if (count > INT_MAX)
            throw std::invalid_argument(describe(f.operands_.what) + " has messages of " + std::to_string(count) +
                                        " elements: at most " + std::to_string(INT_MAX));
        int const tag = static_cast<int>(f.number_ % 8192) * 4 + part;  // the standard's least upper bound is 32767
        MPI_Request& request = list.of[at(list.count)];
        list.peer[at(list.count)] = peer;
        int const result = receive ? MPI_Irecv(memory, static_cast<int>(count), type, peer, tag, comm_, &request)
                                   : MPI_Isend(memory, static_cast<int>(count), type, peer, tag, comm_, &request);
        if (result != MPI_SUCCESS) fail(f, peer, result);
        ++list.count;
    }

    void complete(flight& f, messages& list) {
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
    bool some(flight& f, messages& list) {
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
        return life_.name(life_.rank()) + ": " + describe(f.operands_.what) + " of " + name_;
    }
    [[noreturn]] void fail(flight const& f, int peer, int error) const {
        throw std::runtime_error(describe(f.operands_.what) + " of " + name_ +
                                 (peer < 0 ? "" : ", with " + life_.name(world_rank_[at(peer)])) + ": " +
                                 detail::text_of(error));
    }
    [[noreturn]] void give_up(flight const& f, messages const& list, detail::clock::time_point begin) const {
        std::string late;
        for (int i = 0; i < list.count; ++i)
            if (list.of[at(i)] != MPI_REQUEST_NULL)
                late += (late.empty() ? "" : ", ") + life_.name(world_rank_[at(list.peer[at(i)])]);
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.3g", life_.deadline());
        detail::leave(where(f) + " has waited " + seconds + " s for " + late + life_.silent(begin));
    }

    flight& expect(posting const& operands, flight::phase before, char const* verb) {
        flight& f = flights_[checked(operands.what)];
        if (f.at_ != before || !(f.operands_ == operands))
            throw std::runtime_error(verb + describe(operands.what) + ", but what was started there is " +
                                     describe(f.at_ == flight::phase::none ? operation{} : f.operands_.what) +
                                     (f.at_ != flight::phase::none && f.operands_.what == operands.what
                                          ? (f.operands_ == operands ? " at another phase" : " on other operands")
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
