#pragma once
#include "types.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

/// What the fake says to a test: failures of the program, calls that are made to fail, counts of calls.
namespace fake {

inline std::mutex report_mutex;

/// A wrong use of the device is remembered here and printed; a process that leaves one behind exits with status 70.
struct failure_list {
    std::vector<std::string> lines;
    ~failure_list() {
        if (lines.empty()) return;
        std::fprintf(stderr, "fake CUDA: %zu failures that no test took, the first: %s\n", lines.size(),
                     lines[0].c_str());
        std::_Exit(70);
    }
};
inline failure_list failures;

inline void fail(std::string line) {
    std::lock_guard const lock(report_mutex);
    if (failures.lines.size() < 20) std::fprintf(stderr, "fake CUDA: %s\n", line.c_str());
    if (failures.lines.size() < 1000) failures.lines.push_back(std::move(line));
}

/// The failures since the last call: a test that provokes one takes it.
inline std::vector<std::string> take_failures() {
    std::lock_guard const lock(report_mutex);
    return std::exchange(failures.lines, {});
}

struct call_record {
    long count = 0;
    long fails_at = 0;  ///< value of count, 0 is never
    int error = 0;
};
inline std::map<std::string, call_record> call_records;
inline std::atomic<cudaError> sticky = cudaSuccess;
inline thread_local cudaError last_error = cudaSuccess;

/// The nth call of `api` from now on (1 is the next one; any thread) returns `error` and does nothing.
inline void fail_call(char const* api, long nth, int error) {
    std::lock_guard const lock(report_mutex);
    auto& record = call_records[api];
    record.fails_at = record.count + nth;
    record.error = error;
}

/// How often `api` has been called in this process.
inline long call_count(char const* api) {
    std::lock_guard const lock(report_mutex);
    return call_records[api].count;
}

/// From now on all calls return `error`, as after a kernel's illegal access, until clear_sticky().
inline void set_sticky(cudaError error) {
    std::lock_guard const lock(report_mutex);
    if (sticky == cudaSuccess) sticky = error;
}
inline void clear_sticky() {
    std::lock_guard const lock(report_mutex);
    sticky = cudaSuccess;
    last_error = cudaSuccess;
}

/// Counts a call; the error that was ordered for it or 0.
inline int injected(char const* api) {
    std::lock_guard const lock(report_mutex);
    auto& record = call_records[api];
    return ++record.count == record.fails_at ? record.error : 0;
}

inline cudaError_t result(cudaError_t error) {
    if (error != cudaSuccess) last_error = error;
    return error;
}

/// First line of each CUDA function: counts, and says whether it has to fail.
inline cudaError_t enter(char const* api) {
    if (auto const error = injected(api); error != 0) return result(static_cast<cudaError_t>(error));
    std::lock_guard const lock(report_mutex);
    return sticky;
}

}  // namespace fake
