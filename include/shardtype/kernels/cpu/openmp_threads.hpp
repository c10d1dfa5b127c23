#pragma once

#ifdef _OPENMP
#include <omp.h>
#else
// oneDNN runs on OpenMP whether or not this file is compiled for it. @cond
extern "C" void omp_set_num_threads(int) noexcept;
extern "C" int omp_get_max_threads(void) noexcept;
// @endcond
#endif

namespace shardtype::cpu {

/// OpenMP threads of what the calling thread runs from now on. A rank's thread calls it once, before any OpenMP code:
/// else each rank starts as many threads as there are processors.
inline void use_threads(int threads) { omp_set_num_threads(threads); }

}  // namespace shardtype::cpu

namespace shardtype::detail {

/// The calling thread's OpenMP threads for a scope.
class openmp_threads {
  public:
    explicit openmp_threads(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
    ~openmp_threads() { omp_set_num_threads(before_); }
    openmp_threads(openmp_threads const&) = delete;
    openmp_threads& operator=(openmp_threads const&) = delete;

  private:
    int before_;
};

}  // namespace shardtype::detail
