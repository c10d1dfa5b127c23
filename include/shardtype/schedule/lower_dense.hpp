#pragma once

#include <shardtype/schedule/lower_operations.hpp>

namespace shardtype {

namespace detail {

/// An addition of what is equal for all rows: x is [rows, columns], and `w` has the columns.
template <class Rule>
struct lowering_of_bias {
    static constexpr void forward(lowerer& l, node const& n) {
        location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        dims(l, n, l.kernel<kernels::bias_forward>(operands, l.lay(n.out).type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        if (l.wants_gradient(n.in[1])) {
            auto const t = l.gradient_target(n.in[1], true);
            location const operands[] = {l.grad[n.out], t.at};
            step& s = l.kernel<kernels::bias_backward>(operands, l.lay(n.out).type);
            s.arg[1].mode = t.mode;
            dims(l, n, s);
            l.contribute(n.in[1], t);
        }
        l.share_gradient(n.in[0], l.grad[n.out]);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        long const columns = l.lay(n.in[1]).local_count();
        set_dims(s, l.lay(n.in[0]).local_count() / columns, columns);
        l.finish(s);
    }
};

}  // namespace detail

template <>
struct lowering<rules::bias> : detail::lowering_of_bias<rules::bias> {};
template <>
struct lowering<rules::positions> : detail::lowering_of_bias<rules::positions> {};

template <>
struct lowering<rules::gelu> {
    static constexpr void forward(lowerer& l, node const& n) {
        detail::location const operands[] = {l.where[n.in[0]], l.make(n.out)};
        dims(l, n, l.kernel<kernels::gelu_forward>(operands, l.lay(n.out).type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const t = l.gradient_target(n.in[0], false);
        detail::location const operands[] = {l.grad[n.out], l.saved(n.in[0]), t.at};
        dims(l, n, l.kernel<kernels::gelu_backward>(operands, l.lay(n.out).type));
        l.contribute(n.in[0], t);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        detail::set_dims(s, l.lay(n.out).local_count());
        l.finish(s);
    }
};

template <>
struct lowering<rules::layer_norm> {
    static constexpr void forward(lowerer& l, node const& n) {
        layout const& x = l.lay(n.in[0]);
        auto const statistics = l.fresh(2 * rows_of(x) * bytes_of(wide_of(x.type)));
        l.aux[n.id][0] = statistics.buffer;
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.where[n.in[2]], l.make(n.out),
                                             statistics};
        dims(l, n, l.kernel<kernels::layer_norm_forward>(operands, x.type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const x = l.gradient_target(n.in[0], true), w = l.gradient_target(n.in[1], true),
                   b = l.gradient_target(n.in[2], true);
        detail::location const operands[] = {
            l.grad[n.out], l.saved(n.in[0]), l.saved(n.in[1]), {l.aux[n.id][0], 0}, x.at, w.at, b.at};
        step& s = l.kernel<kernels::layer_norm_backward>(operands, l.lay(n.out).type);
        s.arg[4].mode = x.mode;
        s.arg[5].mode = w.mode;
        s.arg[6].mode = b.mode;
        dims(l, n, s);
        l.contribute(n.in[0], x);
        l.contribute(n.in[1], w);
        l.contribute(n.in[2], b);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr long rows_of(layout const& x) { return x.local_count() / x.local(x.rank - 1); }
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const& x = l.lay(n.in[0]);
        detail::set_dims(s, rows_of(x), x.local(x.rank - 1));
        s.real = n.real;
        l.finish(s);
    }
};

}  // namespace shardtype
