#pragma once

#include <vector>

#include <shardtype/bench/measure.hpp>
#include <shardtype/kernels/cpu/adamw.hpp>
#include <shardtype/rules/parameter.hpp>

namespace shardtype::bench {

namespace detail {
template <class X>
class adamw_call {
  public:
    using T = typename X::element;
    explicit adamw_call(int) : w_(X::local_count), g_(w_), m_(w_), v_(w_) {
        fill_with_noise(w_.data(), count, 1), fill_with_noise(g_.data(), count, 2);
        fill_with_noise(m_.data(), count, 3), fill_with_noise(v_.data(), count, 4);
        for (T& v : v_) v = v * v;  // the second moment is no less than zero
    }
    void operator()() {
        cpu::adamw<T>({}, w_.data(), g_.data(), m_.data(), v_.data(), count, {1e-3, 0.9, 0.95, 1e-8, 0.1, 5}, T(0.9));
        benchmark::ClobberMemory();
    }

  private:
    static constexpr long count = X::local_count;
    std::vector<T> w_, g_, m_, v_;
};
}  // namespace detail

/// One AdamW step on every rank's part of a stored parameter of type X, float or double: seven values moved for each
/// element. `BENCHMARK(bench::adamw<parameter>)`. Limit: an in-place stream over as many bytes.
/// @pre X is shard or invariant on every axis [ST-S601]
template <class X>
void adamw(benchmark::State& state) {
    using result = decltype(update(X{}, gradient_t<X>{}));
    if constexpr (!same<result, ill_typed>) {
        using T = typename X::element;
        static_assert(same<T, float> || same<T, double>, "there is AdamW in float and in double");
        double const bytes = 7.0 * sizeof(T) * static_cast<double>(X::local_count) * X::mesh_type::size;
        measure<T, typename X::mesh_type>(state, 1, {limit::update, bytes},
                                          [](auto& me) { return detail::adamw_call<X>(me.rank); });
    }
}

}  // namespace shardtype::bench
