#pragma once

#include <shardtype/comm/shared_gpu/communicator.hpp>
#include <shardtype/comm/shared_gpu/joint_capture.hpp>
#include <shardtype/comm/thread/cpus.hpp>
#include <shardtype/mesh/mesh.hpp>

#include <initializer_list>
#include <thread>

namespace shardtype::shared_gpu {

class operands_in_use;

/// What one rank is given: its place in the mesh, and its handle in the group of every axis through it.
struct rank_communicators {
    using in_use = operands_in_use;     ///< guards memory that collectives use
    static constexpr int max_axes = 4;  ///< of a world

    int rank = 0;                   ///< in the whole mesh
    int coordinate[max_axes] = {};  ///< 0 beyond the mesh's axes
    communicator on[max_axes];      ///< unusable beyond the mesh's axes
    communicator all;               ///< the whole mesh as one group

    /// The rank's work is given to `compute` from now on; before the world has made a stream for it.
    void bind(cudaStream_t compute) const { here->compute = compute; }
    /// The stream of the rank's work.
    [[nodiscard]] cudaStream_t stream() const { return here->compute; }
    /// Waits on the host until a stream, the rank's own where none is named, has done what it was given.
    /// @throws thread::rank_failed where another rank has failed
    /// @{
    void synchronise() const { synchronise(stream()); }
    void synchronise(cudaStream_t of) const {
        resting const meanwhile(*here);
        for (long tries = 0;; ++tries) {
            cudaError_t const now = cudaStreamQuery(of);
            if (now != cudaErrorNotReady) comm_cuda::check(now, "cudaStreamQuery");
            if (now == cudaSuccess) return;
            poll();
            if (tries < 1000)
                std::this_thread::yield();
            else
                std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    }
    /// @}
    /// @throws thread::rank_failed where another rank has failed
    void poll() const {
        if (failure->raised()) throw thread::rank_failed(failure->message());
    }
    /// All ranks record what they give to their streams in one graph, which rank 0 is given; `joint_capture` says more.
    /// @{
    [[nodiscard]] static bool can_capture() { return true; }
    void begin_capture() const { joint->begin(rank); }
    [[nodiscard]] cudaGraph_t end_capture() const { return joint->end(rank); }
    void abandon_capture() const noexcept { joint->abandon(rank); }
    static void keep(cudaGraphExec_t*) {}
    static void forget(cudaGraphExec_t*) noexcept {}
    void before_replay() const { joint->before_replay(rank); }
    void after_replay() const { joint->after_replay(rank); }
    /// @}
    /// This rank has its turn until what is returned ends, see there.
    [[nodiscard]] enqueuing enqueue() const { return enqueuing(*here); }

    /// Ends this rank's part in what it has started and not finished; it fails if there is such a collective. When it
    /// returns the device uses none of this rank's operands.
    void withdraw() const noexcept {
        if (here == nullptr) return;
        resting const meanwhile(*here);
        all.withdraw(rank);
        for (communicator const& group : on) group.withdraw(rank);
        cudaStreamCaptureStatus now = cudaStreamCaptureStatusNone;
        if (cudaStreamIsCapturing(here->compute, &now) != cudaSuccess || now != cudaStreamCaptureStatusNone) return;
        all.quiet();
        for (communicator const& group : on) group.quiet();
        (void)cudaStreamSynchronize(here->compute);
    }
    /// Seconds that the host has waited for other ranks since `world::run` began; waits of streams are not seen.
    [[nodiscard]] double waited_seconds() const noexcept {
        double sum = all.waited_seconds();
        for (communicator const& group : on) sum += group.waited_seconds();
        return sum;
    }

    seat* here = nullptr;                     ///< this rank's stream
    thread::poison const* failure = nullptr;  ///< the world's
    joint_capture* joint = nullptr;           ///< the world's
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

/// A mesh of ranks that are threads of this process and share the device that is current; rank numbers are row-major,
/// the last axis is the fastest. Each rank has a stream of its own.
class world {
  public:
    /// @param axis_sizes ranks along each axis  @param axes how many  @param slots collectives in flight in one group
    /// @throws std::invalid_argument for more than 4 axes, sizes that are not positive, or more than 64 ranks
    world(int const* axis_sizes, int axes, int slots) {
        if (axes < 0 || axes > rank_communicators::max_axes || slots < 0)
            throw std::invalid_argument("a world of " + std::to_string(axes) + " axes and " + std::to_string(slots) +
                                        " slots: axes are 0 to 4, slots not negative");
        for (int a = 0; a < axes; ++a) {
            if (axis_sizes[a] < 1 || size_ > max_size / axis_sizes[a])
                throw std::invalid_argument("axis " + std::to_string(a) + " of a world has size " +
                                            std::to_string(axis_sizes[a]) + ": sizes are positive, at most " +
                                            std::to_string(max_size) + " ranks in all");
            size_ *= axis_sizes[a];
        }
        comm_cuda::check(cudaGetDevice(&device_), "cudaGetDevice");
        limits_ = thread::patience::of(size_ <= thread::usable_cpus());
        limits_.staged_bytes = -1;  // operands are the device's: nothing is copied aside
        for (int r = 0; r < size_; ++r) {
            seats_.emplace_back();
            seats_.back().all = &turns_;
            ranks_.emplace_back();
            ranks_.back().rank = r;
            ranks_.back().here = &seats_.back();
            ranks_.back().failure = &failure_;
        }
        joint_ = std::make_unique<joint_capture>(seats_, limits_, failure_);
        for (rank_communicators& r : ranks_) r.joint = joint_.get();
        group& whole = *add(0, 1, size_, slots);
        for (int r = 0; r < size_; ++r) rank(r).all = communicator(whole, r);
        int stride = size_;
        for (int a = 0; a < axes; ++a) {
            int const n = axis_sizes[a];
            stride /= n;
            for (int first = 0; first < size_; ++first) {
                if (first / stride % n != 0) continue;
                group* const made = add(first, stride, n, slots);
                for (int i = 0; i < n; ++i) {
                    rank(first + i * stride).coordinate[a] = i;
                    rank(first + i * stride).on[a] = communicator(*made, i);
                }
            }
        }
    }
    /// The ranks of a mesh type.
    template <class Axis, class... Axes>  // not a pack alone: `{2, 4}` would deduce mesh<>
    explicit world(mesh<Axis, Axes...>, int slots = 1)
        : world(mesh<Axis, Axes...>::axis_size, mesh<Axis, Axes...>::axes, slots) {}
    /// The same, from a list: `world({2, 4}, 8)`.
    world(std::initializer_list<int> axis_sizes, int slots)
        : world(axis_sizes.begin(), static_cast<int>(axis_sizes.size()), slots) {}

    /// Ranks in all.
    [[nodiscard]] int size() const noexcept { return size_; }

    /// Calls f(rank_communicators&) once per rank, each on a thread of its own, and joins them all. When a rank throws,
    /// the others end with `thread::rank_failed` at their next collective, waiting ones within 50 ms.
    /// @throws std::runtime_error `rank R: <message>` of the first rank that failed
    template <class F>
    void run(F&& f) {
        failure_.clear();
        joint_->reset();
        for (auto& group : groups_) group->reset();
        auto const body = [&](int r) noexcept {
            rank_communicators mine = rank(r);
            try {
                comm_cuda::check(cudaSetDevice(device_), "cudaSetDevice");
                f(mine);
                mine.withdraw();
                for (auto& group : groups_)
                    if (group->has(mine.here)) group->team().depart(r);
                return;
            } catch (std::exception const& error) {
                failure_.raise(r, error.what());
            } catch (...) {
                failure_.raise(r, "an exception that is no std::exception");
            }
            mine.withdraw();
        };
        std::vector<std::thread> threads;
        threads.reserve(static_cast<std::size_t>(size_));
        try {
            for (int r = 0; r < size_; ++r) threads.emplace_back(body, r);
        } catch (std::exception const& error) {
            failure_.raise(static_cast<int>(threads.size()), std::string("its thread did not start: ") + error.what());
        }
        for (auto& thread : threads) thread.join();
        if (failure_.raised()) throw std::runtime_error(failure_.message());
    }

  private:
    rank_communicators& rank(int r) { return ranks_[static_cast<std::size_t>(r)]; }
    group* add(int first, int stride, int n, int slots) {
        std::vector<seat*> seats;
        for (int i = 0; i < n; ++i) seats.push_back(rank(first + i * stride).here);
        groups_.push_back(std::make_unique<group>(std::move(seats), slots, limits_, failure_));
        return groups_.back().get();
    }

    int size_ = 1, device_ = 0;
    thread::patience limits_;
    thread::poison failure_;
    turns turns_;
    std::deque<seat> seats_;
    std::unique_ptr<joint_capture> joint_;
    std::vector<rank_communicators> ranks_;
    std::vector<std::unique_ptr<group>> groups_;  // the whole first
};

}  // namespace shardtype::shared_gpu
