#pragma once

#include "bare_program.hpp"

#include <cstring>

/// What is left of a collective when somebody forgets it: this rank's own numbers, in the shape that the next step
/// wants.
///   all_reduce      the source
///   reduce_scatter  this rank's slice of the source
///   all_gather      this rank's block in every place
namespace forgotten {

template <class T>
void run(st::rank_context& c, st::step const& s, void* const* a) {
    if (s.kind != st::step_kind::collective_wait) return;
    auto const* const source = static_cast<T const*>(a[0]);
    auto* const target = static_cast<T*>(a[1]);
    auto const& axis = static_cast<st::rank_on<st::thread::rank_communicators> const&>(c).comm.on[s.axis];
    long const ranks = axis.size(), rank = axis.rank();
    long const outer = s.dim[0], block = s.dim[1];
    if (s.kernel == st::name_id(st::kernels::all_gather::name)) {
        for (long o = 0; o < outer; ++o)
            for (long r = 0; r < ranks; ++r)
                for (long i = 0; i < block; ++i) target[(o * ranks + r) * block + i] = source[o * block + i];
    } else if (s.kernel == st::name_id(st::kernels::reduce_scatter::name)) {
        bool const adds = c.adds(s.arg[1]);
        for (long o = 0; o < outer; ++o)
            for (long i = 0; i < block; ++i) {
                T const mine = source[(o * ranks + rank) * block + i];
                target[o * block + i] = adds ? target[o * block + i] + mine : mine;
            }
    } else if (source != target) {
        std::memcpy(target, source, static_cast<std::size_t>(s.dim[0]) * sizeof(T));
    }
}

inline void collective(st::rank_context& c, st::step const& s, void* const* a, st::prepared const*) {
    s.type == st::dtype::f64 ? run<double>(c, s, a) : run<float>(c, s, a);
}

inline char const* name_of(st::step const& s) {
    char const* const names[] = {st::kernels::all_reduce::name, st::kernels::all_reduce_max::name,
                                 st::kernels::all_gather::name, st::kernels::reduce_scatter::name};
    for (char const* name : names)
        if (s.kernel == st::name_id(name)) return name;
    return nullptr;
}

}  // namespace forgotten
