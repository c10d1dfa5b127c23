#pragma once

#include <shardtype/comm/cuda/device.hpp>
#include <shardtype/comm/cuda/element.hpp>

#include <cstdint>

namespace shardtype::comm_cuda {

/// Distances, in elements, of the parts, the outer and the inner rows of an array.
struct strides {
    long part = 0;   ///< from one part to the next
    long outer = 0;  ///< from one outer row to the next
    long inner = 0;  ///< from one inner row to the next
};

/// Of such an array, which has rows of `width` together.
struct box {
    long parts = 1;  ///< of outer rows
    long outer = 1;  ///< of inner rows
    long inner = 1;  ///< of elements together
    long width = 1;  ///< elements together
    /// Of elements, in all.
    [[nodiscard]] __host__ __device__ long count() const { return parts * outer * inner * width; }
};

namespace detail {

template <class Unit, class Index>
__global__ void permute(Unit const* source, Unit* target, box of, strides from, strides to) {
    auto const width = static_cast<Index>(of.width), inner = static_cast<Index>(of.inner);
    auto const outer = static_cast<Index>(of.outer), total = static_cast<Index>(of.count());
    Index const step = static_cast<Index>(gridDim.x) * blockDim.x;
    for (Index i = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; i < total; i += step) {
        Index const row = i / width, within = i - row * width;
        Index const rows = row / inner, k = row - rows * inner;
        Index const part = rows / outer, o = rows - part * outer;
        target[part * to.part + o * to.outer + k * to.inner + within] =
            source[part * from.part + o * from.outer + k * from.inner + within];
    }
}

template <class Unit>
void permute_units(void const* source, void* target, box of, strides from, strides to, long size, cudaStream_t on) {
    long const unit = sizeof(Unit);
    of.width = of.width * size / unit;
    for (strides* s : {&from, &to}) *s = {s->part * size / unit, s->outer * size / unit, s->inner * size / unit};
    auto const* const in = static_cast<Unit const*>(source);
    auto* const out = static_cast<Unit*>(target);
    if (of.count() < 1L << 30)
        launch(permute<Unit, unsigned>, of.count(), on, in, out, of, from, to);
    else
        launch(permute<Unit, long>, of.count(), on, in, out, of, from, to);
}

}  // namespace detail

/// The largest power of two, at most 16, that divides a width in bytes and all of these addresses.
template <class... P>
long common_unit(long bytes, P const*... at) {
    auto const all =
        static_cast<std::uintptr_t>(bytes) | (std::uintptr_t{16} | ... | reinterpret_cast<std::uintptr_t>(at));
    return static_cast<long>(all & (~all + 1));
}

/// target[part][outer][inner][width] = source[part][outer][inner][width], each with its own distances, which are
/// multiples of the width. They do not overlap.
template <class T>
void permute(T const* source, T* target, box const& of, strides const& from, strides const& to, cudaStream_t on) {
    if (of.count() == 0) return;
    auto const size = static_cast<long>(sizeof(T));
    switch (common_unit(of.width * size, source, target)) {
        case 16:
            return detail::permute_units<packet<unsigned, 4>>(source, target, of, from, to, size, on);
        case 8:
            return detail::permute_units<packet<unsigned, 2>>(source, target, of, from, to, size, on);
        case 4:
            return detail::permute_units<unsigned>(source, target, of, from, to, size, on);
        default:
            return detail::permute_units<unsigned short>(source, target, of, from, to, size, on);
    }
}

namespace detail {
template <class T>
__global__ void add(T const* source, T* target, long count) {
    long const step = static_cast<long>(gridDim.x) * blockDim.x;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step)
        target[i] = narrowed<T>(widened(target[i]) + widened(source[i]));
}
template <class T, int Width>
__global__ void add_packets(packet<T, Width> const* source, packet<T, Width>* target, long count) {
    long const step = static_cast<long>(gridDim.x) * blockDim.x;
    for (long i = static_cast<long>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
        packet<T, Width> const more = source[i];
        packet<T, Width> sum = target[i];
        for (int k = 0; k < Width; ++k) sum.of[k] = narrowed<T>(widened(sum.of[k]) + widened(more.of[k]));
        target[i] = sum;
    }
}
}  // namespace detail

/// target += source, element by element.
template <class T>
void add(T const* source, T* target, long count, cudaStream_t on) {
    if (count == 0) return;
    constexpr int width = 16 / static_cast<int>(sizeof(T));
    if (common_unit(count * static_cast<long>(sizeof(T)), source, target) == 16)
        launch(detail::add_packets<T, width>, count / width, on, reinterpret_cast<packet<T, width> const*>(source),
               reinterpret_cast<packet<T, width>*>(target), count / width);
    else
        launch(detail::add<T>, count, on, source, target, count);
}

}  // namespace shardtype::comm_cuda
