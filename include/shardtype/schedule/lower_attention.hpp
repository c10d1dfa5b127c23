#pragma once

#include <shardtype/schedule/lower_operations.hpp>

namespace shardtype {

template <>
struct lowering<graph_operation::rotary_table> {
    static constexpr void forward(lowerer& l, node const& n) {
        layout const& t = l.lay(n.out);
        l.where[n.out] = {l.b.add_buffer(t.local_bytes(), buffer_class::constant), 0};
        detail::location const operands[] = {l.where[n.out]};
        step& s = l.kernel<kernels::rotary_table>(operands, t.type);
        detail::set_dims(s, t.local(0), t.local(1), n.number);
    }
    static constexpr void backward(lowerer&, node const&) {}
};

template <>
struct lowering<rules::rotary> {
    static constexpr void forward(lowerer& l, node const& n) {
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        dims(l, n, l.kernel<kernels::rotary_forward>(operands, l.lay(n.out).type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const t = l.gradient_target(n.in[0], false);
        detail::location const operands[] = {l.grad[n.out], l.where[n.in[1]], t.at};
        dims(l, n, l.kernel<kernels::rotary_backward>(operands, l.lay(n.out).type));
        l.contribute(n.in[0], t);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const& x = l.lay(n.in[0]);
        detail::set_dims(s, x.local(0), x.local(1), x.local(2), x.local(3));
    }
};

template <>
struct lowering<rules::attention> {
    static constexpr void forward(lowerer& l, node const& n) {
        layout const& q = l.lay(n.in[0]);
        auto const lse = l.fresh(q.local_count() / q.local(3) * bytes_of(wide_of(q.type)));
        l.aux[n.id][0] = lse.buffer;
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.where[n.in[2]], l.make(n.out), lse};
        dims(l, n, l.kernel<kernels::attention_forward>(operands, q.type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        lowerer::target t[3];
        for (int i = 0; i < 3; ++i) t[i] = l.gradient_target(n.in[i], false);
        detail::location const operands[] = {
            l.saved(n.in[0]), l.saved(n.in[1]), l.saved(n.in[2]), l.where[n.out], {l.aux[n.id][0], 0},
            l.grad[n.out],    t[0].at,          t[1].at,          t[2].at};
        dims(l, n, l.kernel<kernels::attention_backward>(operands, l.lay(n.out).type));
        for (int i = 0; i < 3; ++i) l.contribute(n.in[i], t[i]);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const& q = l.lay(n.in[0]);
        detail::set_dims(s, q.local(0), q.local(1), q.local(2), l.lay(n.in[1]).local(2), q.local(3));
        l.finish(s);
    }
};

}  // namespace shardtype
