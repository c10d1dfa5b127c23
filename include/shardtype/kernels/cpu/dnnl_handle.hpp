#pragma once
#include <dnnl.h>  // the C API: the C++ header crashes nvcc
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace shardtype::detail {

template <class F>
struct only_argument;
template <class R, class A>
struct only_argument<R (*)(A)> {
    using type = A;
};

template <auto Destroy>
struct dnnl_destroyer {
    using pointer = typename only_argument<decltype(Destroy)>::type;
    void operator()(pointer p) const noexcept { Destroy(p); }
};

/// Owns a oneDNN object: dnnl_handle<dnnl_stream_destroy> owns a dnnl_stream_t.
template <auto Destroy>
using dnnl_handle =
    std::unique_ptr<std::remove_pointer_t<typename dnnl_destroyer<Destroy>::pointer>, dnnl_destroyer<Destroy>>;

/// The process's one oneDNN engine. It is never destroyed, so that objects with static storage may outlive main.
inline dnnl_engine_t cpu_engine() {
    static auto* const engine = [] {
        dnnl_engine_t made = nullptr;
        dnnl_status_t const status = dnnl_engine_create(&made, dnnl_cpu, 0);
        if (status != dnnl_success) {
            throw std::runtime_error("oneDNN: no CPU engine, status " + std::to_string(static_cast<int>(status)));
        }
        return made;
    }();
    return engine;
}

}  // namespace shardtype::detail
