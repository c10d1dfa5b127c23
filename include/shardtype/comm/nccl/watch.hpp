#pragma once

#include <nccl.h>

#include <shardtype/comm/cuda/device.hpp>
#include <shardtype/comm/nccl/options.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <thread>
#include <vector>

namespace shardtype::nccl {

using thread::detail::collective;
using thread::detail::operation;
using thread::detail::posting;

namespace detail {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
}
inline std::string seconds(double s) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g s", s);
    return text;
}

/// which 0: the collective `id` begins, 1: it has ended. The counts are the device's, their copies the host's.
template <class Number>
__global__ void mark(Number* seen, Number* counts, int which, Number id) {
    if (threadIdx.x != 0 || blockIdx.x != 0) return;
    Number volatile* const host = seen;
    Number const count = counts[which] + 1;
    counts[which] = count;
    if (which == 0) host[0] = id;
    host[1 + which] = count;
}

}  // namespace detail

/// One rank's streams, its NCCL communicators, and who is late.
///
/// All collectives of a rank, of whatever axis, run on one stream, so they are in one order. Before and after each a
/// mark is written to memory of the host, in a CUDA graph as well: so a host that waits for the device sees which
/// collective runs, and since when, without a call of CUDA's.
class watch {
  public:
    /// What messages call a group.
    struct label {
        std::string name;   ///< `axis 0`
        std::string peers;  ///< `ranks 0, 2`
    };
    /// A collective, for messages.
    struct record {
        label const* group = nullptr;  ///< whose
        operation what{};              ///< which
        long number = 0;               ///< in its group, from 0
        bool comparing = false;        ///< it is about to begin: ranks compare what they are in
    };

    /// `name`: of this rank, `rank 3 on host b`.
    watch(options with, std::string name) : options_(with), name_(std::move(name)), marks_(3 * sizeof(long)) {
        counts_.resize(2 * sizeof(long));
        recent_.resize(ring);
        compute_ = own_.get();
    }

    /// What this rank was told.
    /// @{
    [[nodiscard]] options const& with() const noexcept { return options_; }
    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    /// @}
    /// The rank's work, and its collectives.
    /// @{
    [[nodiscard]] cudaStream_t compute() const noexcept { return compute_; }
    [[nodiscard]] cudaStream_t comm() const noexcept { return comm_.get(); }
    void bind(cudaStream_t compute) noexcept { compute_ = compute; }
    /// @}
    /// Seconds that the host has waited for other ranks.
    [[nodiscard]] double waited_seconds() const noexcept { return waited_; }

    /// A communicator that failures abort.
    void adopt(ncclComm_t of) { all_.push_back(of); }

    /// Collectives wait for all that the rank's work stream has been given.
    void fork() {
        ready_.record(compute_);
        ready_.hold(comm());
    }
    /// Marks of a collective on its stream.
    /// @{
    long begin(record const& of, bool captured) {
        long const id = captured ? ring + static_cast<long>(captured_.size()) : next_++ % ring;
        if (captured)
            captured_.push_back(of);
        else
            recent_[static_cast<std::size_t>(id)] = of;
        mark(0, id);
        return id;
    }
    void end(long id) { mark(1, id); }
    /// @}

    /// Comes back when what NCCL has been given is on its way: a communicator that does not block makes its connections
    /// behind the first calls.
    void settle(ncclResult_t result, ncclComm_t of, record const& what) {
        auto const begin = detail::clock::now();
        for (long tries = 0; result == ncclInProgress; ++tries) {
            if (ncclResult_t const asked = ncclCommGetAsyncError(of, &result); asked != ncclSuccess) result = asked;
            if (result == ncclInProgress) {
                if (detail::seconds_since(begin) > options_.deadline)
                    fail(describe(what) + " has waited " + detail::seconds(options_.deadline) +
                         " for a connection with " + what.group->peers);
                rest(tries);
            }
        }
        if (result != ncclSuccess) fail(describe(what) + " with " + what.group->peers + ": " + text_of(result, of));
    }

    /// Looks whether NCCL has met an error, or a collective waits for longer than the deadline.
    /// @throws std::runtime_error then, in one line; all collectives of this rank are aborted
    void poll() {
        refuse();
        for (ncclComm_t const of : all_) {
            ncclResult_t result = ncclSuccess;
            if (ncclResult_t const asked = ncclCommGetAsyncError(of, &result); asked != ncclSuccess) result = asked;
            if (result == ncclSuccess || result == ncclInProgress) continue;
            auto const [begun, ended, id] = look();
            fail((begun != ended ? describe(known(id)) + " with " + known(id).group->peers : "a group of ranks") +
                 ": " + text_of(result, of));
        }
        auto const [begun, ended, id] = look();
        if (begun == ended) {
            watched_ = 0;
        } else if (begun != watched_) {
            watched_ = begun;
            since_ = detail::clock::now();
        } else if (double const waited = detail::seconds_since(since_); waited > options_.deadline) {
            fail(describe(known(id)) + " has waited " + detail::seconds(waited) + " for " + known(id).group->peers);
        }
    }
    /// Waits on the host until `of` has done all it was given.
    /// @throws as poll
    void synchronise(cudaStream_t of) {
        for (long tries = 0;; ++tries) {
            cudaError_t const now = cudaStreamQuery(of);
            if (now == cudaSuccess) break;
            if (now != cudaErrorNotReady) fail(std::string("cudaStreamQuery: ") + cudaGetErrorString(now));
            poll();
            rest(tries);
        }
        poll();
    }
    /// The same where others are what is waited for.
    void await(cudaStream_t of) {
        auto const begin = detail::clock::now();
        synchronise(of);
        waited_ += detail::seconds_since(begin);
    }

    /// @throws std::runtime_error where this rank has failed
    void refuse() const {
        if (!failure_.empty()) [[unlikely]]
            throw std::runtime_error(failure_);
    }
    /// Whether it has.
    [[nodiscard]] bool failed() const noexcept { return !failure_.empty(); }
    /// Aborts all that is under way, and ends this rank's part in it.
    [[noreturn]] void fail(std::string const& why) {
        abort(name_ + ": " + why);
        throw std::runtime_error(failure_);
    }
    /// The same without an exception; the first reason stays. Where NCCL does not come back the process ends, with a line.
    void abort(std::string why) noexcept {
        if (failure_.empty()) failure_ = std::move(why);
        if (all_.empty()) return;
        drop_graphs();
        std::atomic<bool> done = false;
        std::thread aborting([&] {
            (void)
                ncclGroupStart();  // all at once: what one frees waits for the device, where another's kernel may wait
            for (ncclComm_t const of : all_) (void)ncclCommAbort(of);
            (void)ncclGroupEnd();
            done = true;
        });
        auto const begin = detail::clock::now();
        for (long tries = 0; !done && detail::seconds_since(begin) < 30; ++tries) rest(tries);
        if (!done) {
            std::fprintf(stderr, "%s\n", failure_.c_str());
            std::_Exit(1);
        }
        aborting.join();
        all_.clear();
    }
    /// A graph that may have collectives in it: NCCL aborts no communicator as long as one lives. `of` becomes null then.
    /// @{
    void keep(cudaGraphExec_t* of) { graphs_.push_back(of); }
    void forget(cudaGraphExec_t* of) noexcept {
        for (cudaGraphExec_t*& kept : graphs_)
            if (kept == of) kept = nullptr;
    }
    /// @}
    /// What is under way ends, or is aborted: when it returns the device uses no memory of collectives.
    void quiet() noexcept {
        try {
            if (comm_cuda::capturing(compute_)) return;  // nothing runs yet
            if (!failed()) synchronise(compute_);
            if (!failed()) synchronise(comm());
        } catch (...) {
            abort("");
        }
        auto const begin = detail::clock::now();
        for (cudaStream_t const of : {comm(), compute_})
            while (failed() && cudaStreamQuery(of) == cudaErrorNotReady && detail::seconds_since(begin) < 10)
                std::this_thread::yield();
    }
    /// Ends the communicators in good order, with the others.
    void close() noexcept {
        try {
            while (!failed() && !all_.empty()) {
                record const ending{&closing_, {}, 0, false};
                settle(ncclCommFinalize(all_.back()), all_.back(), ending);
                (void)ncclCommDestroy(all_.back());
                all_.pop_back();
            }
        } catch (...) {
            abort("");
        }
    }

    /// `all_reduce(slot 1, f32, count 4, sum) of axis 0, number 7, 16 bytes,`
    [[nodiscard]] static std::string describe(record const& of) {
        if (of.what.kind == collective::none) return of.group->name;
        operation const& o = of.what;
        return (of.comparing ? "the comparison before " : "") + thread::detail::describe(o) + " of " + of.group->name +
               ", number " + std::to_string(of.number) + ", " +
               std::to_string(o.outer * o.split * o.middle * o.block * o.element_bytes) + " bytes,";
    }

  private:
    void drop_graphs() noexcept {
        cudaStreamCaptureStatus now = cudaStreamCaptureStatusNone;
        if (cudaStreamIsCapturing(compute_, &now) == cudaSuccess && now != cudaStreamCaptureStatusNone) {
            cudaGraph_t graph = nullptr;
            (void)cudaStreamEndCapture(compute_, &graph);
            if (graph != nullptr) (void)cudaGraphDestroy(graph);
        }
        for (cudaGraphExec_t* const kept : graphs_)
            if (kept != nullptr && *kept != nullptr) (void)cudaGraphExecDestroy(*kept), *kept = nullptr;
    }
    static constexpr long ring = 8192;  // the host is never so many collectives ahead of the device
    struct state {
        long begun, ended, id;
    };

    void mark(int which, long id) {
        comm_cuda::launch(detail::mark<long>, 1, comm(), marks_.get<long>(), counts_.get<long>(), which, id);
    }
    [[nodiscard]] state look() const noexcept {
        long const volatile* const now = marks_.get<long>();
        long const ended = now[2];  // first: what ends meanwhile seems to run
        long const begun = now[1];
        return {begun, ended, now[0]};
    }
    [[nodiscard]] record const& known(long id) const {
        return id < ring ? recent_[static_cast<std::size_t>(id)] : captured_[static_cast<std::size_t>(id - ring)];
    }
    static std::string text_of(ncclResult_t result, ncclComm_t of) {
        std::string text = ncclGetErrorString(result);
        if (char const* const more = ncclGetLastError(of); more != nullptr && *more != '\0')
            text += std::string(" (") + more + ")";
        for (char& c : text)
            if (c == '\n') c = ' ';
        return text;
    }
    static void rest(long tries) {
        if (tries < 100)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(tries < 2000 ? 20 : 200));
    }

    options options_;
    std::string name_, failure_;
    label closing_{"the end of the run", "the others"};
    comm_cuda::stream own_, comm_;
    cudaStream_t compute_ = nullptr;
    comm_cuda::event ready_;
    comm_cuda::memory<true> marks_;    // id begun, how many have begun, how many have ended
    comm_cuda::memory<false> counts_;  // begun, ended
    std::vector<ncclComm_t> all_;      // the whole first
    std::vector<cudaGraphExec_t*> graphs_;
    std::vector<record> recent_;
    std::deque<record> captured_;
    long next_ = 0, watched_ = 0;
    detail::clock::time_point since_{};
    double waited_ = 0;
};

}  // namespace shardtype::nccl
