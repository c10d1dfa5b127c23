#pragma once

#include <shardtype/bench/steps.hpp>

namespace shardtype::bench {

namespace detail {

/// Rule on operands X: its forward or, of the operands in the mask Gradients, its backward. `Adds`: to gradients that
/// are there already.
template <class Rule, unsigned Gradients, bool Adds, class... X>
struct operation_steps {
    using mesh = typename shardtype::detail::pick<0, X...>::type::mesh_type;
    static constexpr int operands = static_cast<int>(sizeof...(X));
    static constexpr layout operand[] = {X::value...};
    static constexpr bool wanted(int i) {
        return differentiable(operand[i].type) && (Gradients == 0 || ((Gradients >> i) & 1U) != 0);
    }

    static constexpr graph read() {
        graph g;
        for (int i = 0; i < operands; ++i) g.value(operand[i], wanted(i));
        apply(g, shardtype::detail::make_ints<operands>{});
        g.nodes[0].real = 1e-5;  // a norm's epsilon
        return g;
    }
    static constexpr long ids = read().vocabulary();

    static constexpr schedule_builder build() {
        graph const g = read();
        node const& n = g.nodes[0];
        schedule_builder b;
        lowerer l(g, b, cpu_back_end::scratch);
        for (short i = 0; i < operands; ++i) l.make(i);
        b.open(1);
        if (Gradients == 0) b.open(1, false, segment_kind::update);
        lowering<Rule>::forward(l, n);
        if (Gradients != 0) {
            l.hold(n.out, l.fresh(l.lay(n.out).local_bytes()));
            for (short i = 0; Adds && i < operands; ++i)
                if (wanted(i)) l.hold(i, l.fresh(l.lay(i).local_bytes()));
            b.open(1, false, segment_kind::update);
            lowering<Rule>::backward(l, n);
        }
        lay_out_apart(b);
        return b;
    }
    /// Of all ranks: what several compute alike is computed several times.
    static constexpr double flops() {
        layout local[operands];
        int gradients = 0, all = 0;
        for (int i = 0; i < operands; ++i) {
            local[i] = operand[i];
            for (int d = 0; d < operand[i].rank; ++d) local[i].extent[d] = operand[i].local(d);
            if (!Rule::value.is_constant(i)) gradients += wanted(i) ? 1 : 0, ++all;
        }
        double const part = Gradients == 0 ? 1 : Rule::value.backward * gradients / all;
        return shardtype::flops(Rule::value, local) * part * mesh::size;
    }

  private:
    template <int... I>
    static constexpr void apply(graph& g, int_list<I...>) {
        g.apply<Rule>(static_cast<short>(I)...);
    }
};

/// The element type of the operands that carry a gradient.
template <class Rule, class... X>
using element_of = typename shardtype::detail::pick<Rule::value.is_constant(0) ? 1 : 0, X...>::type::element;

template <class Rule, unsigned Gradients, bool Adds, class... X>
void measure_operation(benchmark::State& state) {
    using result = decltype(shardtype::operation<Rule>{}(X{}...));
    if constexpr (!same<result, ill_typed>) {
        using element = element_of<Rule, X...>;
        if constexpr (!same<element, float> && !same<element, double>) {
            using shardtype::detail::report;
            (void)sizeof(report<code::element_of_job, no_single_change, on_axis<void>, Rule, X...>());
        } else {
            using steps = operation_steps<Rule, Gradients, Adds, X...>;
            measure_steps<steps, element>(state, steps::flops(), limit::update);
        }
    }
}

}  // namespace detail

/// An operation's forward on every rank's local operands, all ranks at once: `BENCHMARK(bench::forward<rules::swiglu,
/// gate, up>)`, tensor types with their mesh, shape, layout and dtype (float or double). Its limit is the FMA peak
/// where the rule counts flops, else an in-place stream over as many bytes.
/// @pre the operation takes the operands [ST-R3xx]
template <class Rule, class... X>
void forward(benchmark::State& state) {
    detail::measure_operation<Rule, 0, false, X...>(state);
}
/// Its backward: the gradients of all operands.
template <class Rule, class... X>
void backward(benchmark::State& state) {
    detail::measure_operation<Rule, (1U << sizeof...(X)) - 1, false, X...>(state);
}

}  // namespace shardtype::bench
