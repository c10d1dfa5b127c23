#pragma once

#include <shardtype/bench/steps.hpp>
#include <shardtype/rules/redistribute.hpp>

namespace shardtype::bench {

namespace detail {

template <class From, class To>
struct redistribution_steps {
    using mesh = typename From::mesh_type;
    static constexpr int operands = 1;
    static constexpr layout operand[] = {From::value};
    static constexpr long ids = 1000;
    static constexpr conversion path = convert(From::value, To::value);

    static constexpr schedule_builder build() {
        graph g;
        short x = g.value(From::value, differentiable(From::value.type));
        for (int i = 0; i < path.hops; ++i) x = g.hop(x, path.path[i]);
        schedule_builder b;
        lowerer l(g, b, cpu_back_end::scratch);
        l.make(0);
        b.open(1);
        b.open(1, false, segment_kind::update);
        for (short i = 0; i < g.node_count; ++i) lowering<graph_operation::redistribute>::forward(l, g.nodes[i]);
        lay_out_apart(b);
        return b;
    }
};

/// Raises the numbered error of a redistribution that is none.
template <class From, class To>
constexpr bool redistributes() {
    using shardtype::detail::raise;
    if constexpr (!same<typename From::mesh_type, typename To::mesh_type>) {
        (void)sizeof(raise<ST_R310<no_single_change, on_axis<void>, names::redistribute, From, To>>());
        return false;
    } else if constexpr (!same<typename From::shape_type, typename To::shape_type> ||
                         !same<typename From::element, typename To::element>) {
        (void)sizeof(raise<ST_R309<no_single_change, on_axis<void>, names::redistribute, From, To>>());
        return false;
    } else {
        constexpr verdict says = redistribution_steps<From, To>::path.says;
        if constexpr (!says.legal())
            (void)sizeof(raise<ST_C403<no_single_change, on_axis<void>, names::redistribute, From, To>>());
        return says.legal();
    }
}

}  // namespace detail

/// A tensor from one layout to another, as a schedule does it, axis by axis: `BENCHMARK(bench::redistribution<from,
/// to>)`, two tensor types of one mesh, shape and dtype (float, double, or int for ids). Limit: a copying stream that
/// moves as many bytes as all its steps must.
/// @pre one mesh [ST-R310], shape and dtype [ST-R309], a way from one to the other [ST-C403]; something moves
template <class From, class To>
void redistribution(benchmark::State& state) {
    if constexpr (detail::redistributes<From, To>()) {
        using steps = detail::redistribution_steps<From, To>;
        static_assert(detail::steps_of<steps>::moved() > 0, "between these layouts nothing moves: nothing to measure");
        using element = typename From::element;
        detail::measure_steps<steps, element>(state, 0, limit::copy);
    }
}

}  // namespace shardtype::bench
