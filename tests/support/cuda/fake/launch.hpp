#pragma once
#include "blocks.hpp"
#include "streams.hpp"

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace fake {

/// A kernel with a copy of its arguments.
template <class... Parameters>
struct bound_kernel {
    void (*kernel)(Parameters...);
    std::tuple<std::remove_cv_t<Parameters>...> arguments;

    static void call(void const* self) {
        auto const& bound = *static_cast<bound_kernel const*>(self);
        std::apply(bound.kernel, bound.arguments);
    }
};

/// A pointer that a kernel gets has to point to device memory or to pinned memory (or be null).
template <class T>
void check_argument([[maybe_unused]] T const& argument, [[maybe_unused]] std::size_t position) {
    if constexpr (std::is_pointer_v<T>) {
        if constexpr (!std::is_function_v<std::remove_pointer_t<T>>) {
            auto const* const at = static_cast<void const*>(argument);
            if (at == nullptr || memory.find(at).at != nullptr) return;
            fail("parameter " + std::to_string(position) + " of a kernel is a pointer, but not to device memory");
        }
    }
}

template <class... Parameters, std::size_t... I>
bound_kernel<Parameters...> bind(void (*kernel)(Parameters...), void** arguments, std::index_sequence<I...>) {
    (check_argument(*static_cast<std::remove_cv_t<Parameters> const*>(arguments[I]), I), ...);
    return {kernel, {*static_cast<std::remove_cv_t<Parameters> const*>(arguments[I])...}};
}

}  // namespace fake

template <class... Parameters>
cudaError_t cudaLaunchKernel(void (*kernel)(Parameters...), dim3 grid, dim3 block, void** arguments,
                             std::size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
    if (auto const error = fake::enter("cudaLaunchKernel"); error != cudaSuccess) return error;
    auto const threads = static_cast<unsigned long>(block.x) * block.y * block.z;
    if (threads == 0 || threads > 1024 || block.z > 64 || grid.x == 0 || grid.y == 0 || grid.z == 0 ||
        grid.x > 0x7fffffffU || grid.y > 65535 || grid.z > 65535) {
        fake::fail("a launch of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " +
                   std::to_string(grid.z) + " blocks of " + std::to_string(threads) + " threads");
        return fake::result(cudaErrorInvalidConfiguration);
    }
    if (shared_bytes != 0) return fake::result(cudaErrorNotSupported);
    auto bound = fake::bind(kernel, arguments, std::index_sequence_for<Parameters...>{});
    return fake::result(fake::enqueue(stream, "kernel", [grid, block, bound = std::move(bound)] {
        fake::run_grid(grid, block, bound.call, &bound, fake::world_number());
    }));
}
