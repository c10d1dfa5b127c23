#pragma once

#include <shardtype/ops/rank_context.hpp>
#include <shardtype/tensor/dtype.hpp>

// A step's arguments by number, as pointers to what a kernel takes. Of a step of bf16, what sums or counts is float:
// statistics, the rotary table, the loss and the gradients of weights; and the optimizer's steps work on the float state.

namespace shardtype::detail {

template <class T>
T const* in(void* const* a, int i) {
    return static_cast<T const*>(a[i]);
}
template <class T>
T* out(void* const* a, int i) {
    return static_cast<T*>(a[i]);
}
/// A float of a step of bf16, else T.
template <class T>
wide_t<T> const* wide_in(void* const* a, int i) {
    return static_cast<wide_t<T> const*>(a[i]);
}
template <class T>
wide_t<T>* wide_out(void* const* a, int i) {
    return static_cast<wide_t<T>*>(a[i]);
}
inline int const* ids(void* const* a, int i) { return static_cast<int const*>(a[i]); }

}  // namespace shardtype::detail
