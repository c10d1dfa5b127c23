#pragma once

#include <shardtype/comm/nccl/communicator.hpp>
#include <shardtype/mesh/mesh.hpp>

#include <initializer_list>
#include <memory>

#include <unistd.h>

namespace shardtype::nccl {

class operands_in_use;

/// What one rank, a GPU, is given: its place in the mesh, and its handle in the group of every axis through it.
struct rank_communicators {
    using in_use = operands_in_use;     ///< guards memory that collectives use
    static constexpr int max_axes = 4;  ///< of a world

    int rank = 0;                   ///< in the whole mesh
    int coordinate[max_axes] = {};  ///< 0 beyond the mesh's axes
    communicator on[max_axes];      ///< unusable beyond the mesh's axes
    communicator all;               ///< the whole mesh as one group

    /// The rank's work is given to `compute` from now on; before the world has made a stream for it.
    void bind(cudaStream_t compute) const { here->bind(compute); }
    /// The stream of the rank's work.
    [[nodiscard]] cudaStream_t stream() const { return here->compute(); }
    /// Waits on the host until a stream, the rank's own where none is named, has done what it was given.
    /// @throws std::runtime_error, one line, for errors of NCCL's and where a collective waits for longer than the
    /// deadline: all of this rank are aborted then
    /// @{
    void synchronise() const { here->synchronise(here->compute()); }
    void synchronise(cudaStream_t of) const { here->synchronise(of); }
    /// @}
    /// Looks for the same, and does not wait: for a host that waits in a way of its own.
    void poll() const { here->poll(); }

    /// Records what the rank gives to its streams in a graph: starts, waits and the work between them, no start without
    /// its wait.
    /// @{
    [[nodiscard]] bool can_capture() const { return !here->with().check; }
    void begin_capture() const {
        comm_cuda::check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    }
    [[nodiscard]] cudaGraph_t end_capture() const {
        cudaGraph_t graph = nullptr;
        comm_cuda::check(cudaStreamEndCapture(stream(), &graph), "cudaStreamEndCapture");
        return graph;
    }
    void abandon_capture() const noexcept {
        cudaGraph_t graph = nullptr;
        (void)cudaStreamEndCapture(stream(), &graph);
        if (graph != nullptr) (void)cudaGraphDestroy(graph);
    }
    void keep(cudaGraphExec_t* graph) const { here->keep(graph); }
    void forget(cudaGraphExec_t* graph) const noexcept { here->forget(graph); }
    void before_replay() const { here->refuse(); }
    void after_replay() const {}
    /// @}

    /// Ends this rank's part in what it has started and not finished, which aborts its collectives; where there is no
    /// such thing, waits until the device has done all of them.
    void withdraw() const noexcept {
        bool under_way = all.forget();
        for (communicator const& group : on) under_way = group.forget() || under_way;
        if (here == nullptr) return;
        if (under_way) here->abort(here->name() + ": ended with a collective under way");
        here->quiet();
    }
    /// Seconds that the host has waited for other ranks, in barriers and comparisons; waits of streams are not seen.
    [[nodiscard]] double waited_seconds() const noexcept { return here ? here->waited_seconds() : 0; }

    watch* here = nullptr;  ///< streams and deadline of this rank
};

/// Declared after memory that collectives use between a start and its finish, and so destroyed before it: the device
/// uses it no more when this ends.
class operands_in_use {
  public:
    /// Of this rank. Nothing need be lent.
    explicit operands_in_use(rank_communicators const& of, std::byte* = nullptr) : of_(of) {}
    operands_in_use(operands_in_use const&) = delete;
    operands_in_use& operator=(operands_in_use const&) = delete;
    ~operands_in_use() { of_.withdraw(); }

  private:
    rank_communicators of_;
};

/// Of rank 0, to be handed to all: see `from_rank_0`.
inline ncclUniqueId unique_id() {
    ncclUniqueId id;
    if (ncclResult_t const result = ncclGetUniqueId(&id); result != ncclSuccess)
        throw std::runtime_error(std::string("ncclGetUniqueId: ") + ncclGetErrorString(result));
    return id;
}

/// A mesh of ranks, each a GPU, joined by NCCL; rank numbers are row-major, the last axis is the fastest.
class world {
  public:
    /// This rank's part in it, on the device that is current: `axis_sizes` ranks along each of `axes` axes, with
    /// `slots` collectives in flight in one group. All ranks call it, with the id of rank 0.
    /// @throws std::invalid_argument for sizes that are not positive; std::runtime_error, in one line, for errors of
    /// NCCL's and where a rank does not come before the deadline
    world(ncclUniqueId const& id, int rank, int const* axis_sizes, int axes, int slots,
          options with = options::of_environment())
        : watch_(with, name_of(rank)) {
        if (axes < 0 || axes > rank_communicators::max_axes || slots < 0)
            throw std::invalid_argument("a world of " + std::to_string(axes) + " axes and " + std::to_string(slots) +
                                        " slots: axes are 0 to 4, slots not negative");
        for (int a = 0; a < axes; ++a) {
            if (axis_sizes[a] < 1)
                throw std::invalid_argument("axis " + std::to_string(a) + " of a world has size " +
                                            std::to_string(axis_sizes[a]) + ": sizes are positive");
            size_ *= axis_sizes[a];
        }
        if (rank < 0 || rank >= size_)
            throw std::invalid_argument("rank " + std::to_string(rank) + " of a world of " + std::to_string(size_));
        ranks_.rank = rank;
        ranks_.here = &watch_;
        try {
            ncclComm_t const whole = size_ > 1 ? meet(id, rank) : nullptr;
            ranks_.all = join(whole, rank, size_, "the world", 0, 1, slots);
            int stride = size_;
            for (int a = 0; a < axes; ++a) {
                int const n = axis_sizes[a];
                stride /= n;
                int const mine = ranks_.coordinate[a] = rank / stride % n, first = rank - mine * stride;
                std::string const name = "axis " + std::to_string(a);
                ncclComm_t part = nullptr;
                if (n > 1) {
                    watch::label const split{"the split of " + name, peers(rank, first, stride, n)};
                    watch::record const making{&split, {}, 0, false};
                    watch_.settle(ncclCommSplit(whole, first, mine, &part, nullptr), whole, making);
                    watch_.settle(ncclInProgress, part, making);
                    watch_.adopt(part);
                }
                ranks_.on[a] = join(part, mine, n, name, first, stride, slots);
            }
            ranks_.all.barrier();  // opens connections now: a peer that cannot be reached is told here
        } catch (...) {
            watch_.abort(watch_.name() + ": its world was not made");
            throw;
        }
    }
    /// The ranks of a mesh type.
    template <class Axis, class... Axes>  // not a pack alone: `{2, 4}` would deduce mesh<>
    world(ncclUniqueId const& id, int rank, mesh<Axis, Axes...>, int slots = 1,
          options with = options::of_environment())
        : world(id, rank, mesh<Axis, Axes...>::axis_size, mesh<Axis, Axes...>::axes, slots, with) {}
    /// The same, from a list: `world(id, rank, {2, 4}, 8)`.
    world(ncclUniqueId const& id, int rank, std::initializer_list<int> axis_sizes, int slots,
          options with = options::of_environment())
        : world(id, rank, axis_sizes.begin(), static_cast<int>(axis_sizes.size()), slots, with) {}
    world(world const&) = delete;
    world& operator=(world const&) = delete;
    ~world() {
        watch_.quiet();
        watch_.close();
    }

    /// Ranks in all.
    [[nodiscard]] int size() const noexcept { return size_; }
    /// This rank's.
    [[nodiscard]] rank_communicators const& ranks() const noexcept { return ranks_; }
    /// Calls f(rank_communicators&), and waits for the others. Where it throws, this rank's collectives are aborted,
    /// and the others meet their deadline, or an error of NCCL's.
    /// @throws std::runtime_error `rank R on host H: <message>`
    template <class F>
    void run(F&& f) {
        try {
            rank_communicators mine = ranks_;
            f(mine);
            mine.synchronise();
            mine.all.barrier();
        } catch (std::exception const& error) {
            std::string const text = error.what();
            bool const named = text.rfind(watch_.name(), 0) == 0;
            give_up((named ? "" : watch_.name() + ": ") + text);
        } catch (...) {
            give_up(watch_.name() + ": an exception that is no std::exception");
        }
    }

  private:
    [[noreturn]] void give_up(std::string const& line) {
        watch_.abort(line);
        watch_.quiet();
        throw std::runtime_error(line);
    }
    static std::string name_of(int rank) {
        char host[256] = {};
        if (::gethostname(host, sizeof host - 1) != 0) host[0] = '?';
        return "rank " + std::to_string(rank) + " on host " + host;
    }
    static std::string peers(int own, int first, int stride, int n) {
        std::string text = n > 2 ? "ranks " : "rank ";
        for (int i = 0, said = 0; i < n; ++i)
            if (int const r = first + i * stride; r != own) text += (said++ > 0 ? ", " : "") + std::to_string(r);
        return text;
    }
    ncclComm_t meet(ncclUniqueId const& id, int rank) {
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        ncclComm_t whole = nullptr;
        watch::label const meeting{"ncclCommInitRankConfig of " + std::to_string(size_) + " ranks",
                                   peers(rank, 0, 1, size_)};
        watch::record const making{&meeting, {}, 0, false};
        ncclResult_t const result = ncclCommInitRankConfig(&whole, size_, id, rank, &config);
        if (whole != nullptr) watch_.adopt(whole);
        watch_.settle(result, whole, making);
        return whole;
    }
    communicator join(ncclComm_t of, int rank, int n, std::string name, int first, int stride, int slots) {
        groups_.push_back(std::make_unique<group>(
            of, rank, n, watch::label{std::move(name), peers(ranks_.rank, first, stride, n)}, slots, watch_));
        return communicator(*groups_.back());
    }

    int size_ = 1;
    watch watch_;
    std::vector<std::unique_ptr<group>> groups_;
    rank_communicators ranks_;
};

}  // namespace shardtype::nccl
