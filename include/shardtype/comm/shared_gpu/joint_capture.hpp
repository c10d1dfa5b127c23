#pragma once

#include <shardtype/comm/shared_gpu/group.hpp>

namespace shardtype::shared_gpu {

/// One CUDA graph of the work of all ranks of a world: rank 0's stream is captured, the others' join it by an event and
/// end in it, and one rank at a time gives work to the device meanwhile. All ranks make the same calls.
class joint_capture {
  public:
    /// The seats, and what a waiting rank looks at, outlive it.
    joint_capture(std::deque<seat>& seats, thread::patience limits, thread::poison const& failure)
        : seats_(seats),
          ready_(seats.size()),
          meeting_(seats.size()),
          barrier_(static_cast<int>(seats.size()), limits, failure, departed_) {}

    /// Begins it; the rank has its turn from here to the end, but for waits on the host.
    void begin(int rank) {
        gather(rank);
        if (rank == 0) {
            comm_cuda::check(cudaStreamBeginCapture(stream(0), cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
            from_first_.record(stream(0));
        }
        meet(rank);
        enqueuing const turn(of(rank));  // given up where this throws
        if (rank != 0) from_first_.hold(stream(rank));
        of(rank).enter();
    }
    /// Ends it. @returns the graph to rank 0, null to the others
    cudaGraph_t end(int rank) {
        {
            enqueuing const turn(of(rank));
            of(rank).leave();  // from `begin`, also where this throws
            if (rank != 0) ready_[at(rank)].record(stream(rank));
        }
        meet(rank);
        cudaGraph_t graph = nullptr;
        if (rank == 0) {
            for (int r = 1; r < ranks(); ++r) ready_[at(r)].hold(stream(0));
            comm_cuda::check(cudaStreamEndCapture(stream(0), &graph), "cudaStreamEndCapture");
        }
        meet(rank);
        return graph;
    }
    /// The rank throws before the end: what it has recorded is lost, and the others' streams fail.
    void abandon(int rank) noexcept {
        of(rank).leave();
        if (rank != 0) return;
        cudaGraph_t graph = nullptr;
        (void)cudaStreamEndCapture(stream(0), &graph);
        if (graph != nullptr) (void)cudaGraphDestroy(graph);
    }
    /// Rank 0 launches the graph in between: behind what all ranks have been given, and before what they are given
    /// then.
    /// @{
    void before_replay(int rank) { gather(rank); }
    void after_replay(int rank) {
        if (rank == 0) from_first_.record(stream(0));
        meet(rank);
        if (rank != 0) from_first_.hold(stream(rank));
    }
    /// @}
    /// As at first; no rank may be inside.
    void reset() {
        barrier_.reset();
        for (std::uint64_t& m : meeting_) m = 0;
    }

  private:
    // Rank 0's stream waits for all that the others' have been given.
    void gather(int rank) {
        ready_[at(rank)].record(stream(rank));
        meet(rank);
        if (rank == 0)
            for (int r = 1; r < ranks(); ++r) ready_[at(r)].hold(stream(0));
    }
    void meet(int rank) {
        barrier_.arrive(++meeting_[at(rank)]);
        barrier_.await(meeting_[at(rank)]);
    }
    [[nodiscard]] int ranks() const { return static_cast<int>(seats_.size()); }
    [[nodiscard]] cudaStream_t stream(int rank) { return of(rank).compute; }
    seat& of(int rank) { return seats_[at(rank)]; }
    static std::size_t at(int i) { return static_cast<std::size_t>(i); }

    std::deque<seat>& seats_;
    std::deque<comm_cuda::event> ready_;
    std::vector<std::uint64_t> meeting_;
    std::atomic<int> departed_{-1};
    thread::barrier barrier_;
    comm_cuda::event from_first_;
};

}  // namespace shardtype::shared_gpu
