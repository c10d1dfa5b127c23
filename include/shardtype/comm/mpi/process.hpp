#pragma once

#include <shardtype/comm/mpi/mpi.hpp>
#include <shardtype/comm/run_options.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace shardtype::mpi {

/// What a run on MPI may be told; the environment's SHARDTYPE_DEADLINE (seconds) and SHARDTYPE_CHECK_COLLECTIVES (0 or 1) say it
/// where the program does not.
struct options {
    double deadline = 300;  ///< seconds that a rank waits for a message of another before it ends the run
#ifdef NDEBUG
    bool check = false;  ///< every collective is compared on all ranks: n - 1 more messages of each rank
#else
    bool check = true;  ///< every collective is compared on all ranks: n - 1 more messages of each rank
#endif

    /// The defaults, or what the environment says.
    /// @throws std::invalid_argument for a value that is none
    static options of_environment() { return shardtype::detail::with_environment(options{}); }
};

namespace detail {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
}

inline void say(std::string const& line) noexcept {
    std::string const whole = "error: " + line + "\n";  // one write: lines of ranks do not mix
    (void)!::write(2, whole.data(), whole.size());
}

/// Ends this process at once, for MPI may wait for ever where a peer is lost; the launcher ends the others.
[[noreturn]] inline void leave(std::string const& line) noexcept {
    say(line);
    std::_Exit(1);
}

/// Ends all processes, after a failure of this one.
[[noreturn]] inline void abort_all(std::string const& line) noexcept {
    say(line);
    ::alarm(10);  // SIGALRM ends a process whose MPI_Abort waits for a lost peer
    MPI_Abort(MPI_COMM_WORLD, 1);
    std::_Exit(1);
}

inline std::string text_of(int error) {
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    if (MPI_Error_string(error, text, &length) != MPI_SUCCESS) return "error " + std::to_string(error);
    return {text, static_cast<std::size_t>(length)};
}

/// @throws std::runtime_error where MPI reports an error
inline void check(int result, char const* call) {
    if (result != MPI_SUCCESS) throw std::runtime_error(std::string(call) + ": " + text_of(result));
}

}  // namespace detail

/// This process in MPI: it starts MPI, unless the program has, and whoever started it ends it. One of them, in main's
/// thread.
class process {
  public:
    /// @throws std::runtime_error where MPI does not start
    process() {
        int started = 0, ended = 0;
        MPI_Initialized(&started);
        MPI_Finalized(&ended);
        if (ended) throw std::runtime_error("MPI has ended in this process, and starts only once");
        if (!started) {
            int level = 0;
            detail::check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level), "MPI_Init_thread");
            owns_ = true;
        }
        MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
        MPI_Comm_size(MPI_COMM_WORLD, &size_);
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    }
    process(process const&) = delete;
    process& operator=(process const&) = delete;
    ~process() {
        if (owns_) MPI_Finalize();
    }

    /// In MPI_COMM_WORLD.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int size() const noexcept { return size_; }
    /// @}

  private:
    int rank_ = 0, size_ = 1;
    bool owns_ = false;
};

/// Who is lost: the processes tell each other that they live while they wait.
///
/// A rank that waits for a peer that itself waits for a lost one would name the wrong peer. So whoever has waited for
/// a third of the deadline sends an empty message to all, again and again; at the deadline the silent ones are named.
class lifeline {
  public:
    /// On all processes at once; `deadline`: seconds of one wait.
    explicit lifeline(double deadline) : deadline_(deadline) {
        detail::check(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
        MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
        int size = 1;
        MPI_Comm_rank(comm_, &rank_);
        MPI_Comm_size(comm_, &size);
        char name[MPI_MAX_PROCESSOR_NAME] = {};
        int length = 0;
        MPI_Get_processor_name(name, &length);
        std::vector<char> names(static_cast<std::size_t>(size) * sizeof name);
        detail::check(MPI_Allgather(name, sizeof name, MPI_CHAR, names.data(), sizeof name, MPI_CHAR, comm_),
                      "MPI_Allgather");
        for (int r = 0; r < size; ++r) hosts_.emplace_back(names.data() + static_cast<std::size_t>(r) * sizeof name);
        heard_.resize(hosts_.size());
        sent_.assign(hosts_.size(), MPI_REQUEST_NULL);
        listen();
    }
    lifeline(lifeline const&) = delete;
    lifeline& operator=(lifeline const&) = delete;
    ~lifeline() {
        MPI_Cancel(&hearing_);
        MPI_Wait(&hearing_, MPI_STATUS_IGNORE);
        for (MPI_Request& r : sent_)
            if (r != MPI_REQUEST_NULL) MPI_Request_free(&r);
        MPI_Comm_free(&comm_);
    }

    /// Seconds of one wait.
    [[nodiscard]] double deadline() const noexcept { return deadline_; }
    /// This process, and how many there are on its host.
    /// @{
    [[nodiscard]] int rank() const noexcept { return rank_; }
    [[nodiscard]] int neighbours() const noexcept {
        int same = 0;
        for (auto const& host : hosts_) same += host == hosts_[static_cast<std::size_t>(rank_)];
        return same;
    }
    /// @}
    /// `rank 3 on host b`
    [[nodiscard]] std::string name(int rank) const {
        return "rank " + std::to_string(rank) + " on host " + hosts_[static_cast<std::size_t>(rank)];
    }

    /// Hears the others, and is heard, while this rank waits since `begin`.
    void tick(detail::clock::time_point begin) {
        int came = 0;
        MPI_Status from;
        while (MPI_Test(&hearing_, &came, &from) == MPI_SUCCESS && came) {
            heard_[static_cast<std::size_t>(from.MPI_SOURCE)] = detail::clock::now();
            listen();
        }
        double const third = deadline_ / 3;
        if (detail::seconds_since(begin) < third || detail::seconds_since(told_) < third / 2) return;
        told_ = detail::clock::now();
        for (int r = 0; r < static_cast<int>(hosts_.size()); ++r) {
            MPI_Request& request = sent_[static_cast<std::size_t>(r)];
            int gone = 1;
            if (r == rank_ || MPI_Test(&request, &gone, MPI_STATUS_IGNORE) != MPI_SUCCESS || !gone) continue;
            MPI_Isend(nullptr, 0, MPI_BYTE, r, 0, comm_, &request);
        }
    }

    /// Those that have said nothing since `begin`, for the message: `; no sign of life from rank 2 on host b`.
    [[nodiscard]] std::string silent(detail::clock::time_point begin) const {
        std::string text;
        for (int r = 0; r < static_cast<int>(hosts_.size()); ++r) {
            if (r == rank_ || heard_[static_cast<std::size_t>(r)] > begin) continue;
            text += (text.empty() ? "; no sign of life from " : ", ") + name(r);
        }
        return text;
    }

  private:
    void listen() { MPI_Irecv(nullptr, 0, MPI_BYTE, MPI_ANY_SOURCE, 0, comm_, &hearing_); }

    MPI_Comm comm_ = MPI_COMM_NULL;
    MPI_Request hearing_ = MPI_REQUEST_NULL;
    double deadline_;
    int rank_ = 0;
    std::vector<std::string> hosts_;
    std::vector<detail::clock::time_point> heard_;
    std::vector<MPI_Request> sent_;
    detail::clock::time_point told_{};
};

}  // namespace shardtype::mpi
