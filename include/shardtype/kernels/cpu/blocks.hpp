#pragma once
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/cpp/execution_policy.h>

namespace shardtype::cpu {

/// Elements in a block: what one call of a vector loop covers, so that Thrust's own cost per element does not count.
inline constexpr long block_elements = 4096;

}  // namespace shardtype::cpu

namespace shardtype::detail::vec {

template <class Body>
struct run_block {
    Body const* body;
    long n;
    long size;
    void operator()(long block) const {
        long const begin = block * size;
        (*body)(begin, begin + size < n ? begin + size : n);
    }
};

}  // namespace shardtype::detail::vec

namespace shardtype::cpu {

/// body(begin, end) for the consecutive blocks of [0, n), in order, by Thrust on its CPP system.
template <class Body>
void for_each_block(long n, Body const& body, long size = block_elements) {
    thrust::counting_iterator<long> const first(0);
    thrust::for_each(thrust::cpp::par, first, first + (n + size - 1) / size,
                     detail::vec::run_block<Body>{&body, n, size});
}

}  // namespace shardtype::cpu
