#pragma once

#include <shardtype/schedule/lower_redistribution.hpp>

namespace shardtype {

namespace detail {

using location = lowerer::location;

constexpr void set_dims(step& s, long a, long b = 0, long c = 0, long d = 0, long e = 0) {
    long const dims[] = {a, b, c, d, e};
    for (int i = 0; i < 5; ++i) s.dim[i] = dims[i];
}
/// Which part of dimension `dim` a rank holds, as weights of its coordinates.
constexpr void set_part(step& s, layout const& x, int dim) {
    int weight = 1;
    for (int order = x.shards(dim) - 1; order >= 0; --order) {
        int const a = x.axis_at(dim, order);
        s.part[a] = weight;
        weight *= x.axis_size[a];
    }
}

template <class Forward, class LeftGradient, class RightGradient>
struct lowering_of_product {
    static constexpr bool transposed = same<Forward, kernels::linear_forward>;
    static constexpr void forward(lowerer& l, node const& n) {
        location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        dims(l, n, l.kernel<Forward>(operands, l.lay(n.out).type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        location const dy = l.grad[n.out];
        dtype const type = l.lay(n.out).type;
        if (l.wants_gradient(n.in[1])) {
            auto const t = l.gradient_target(n.in[1], true);
            location const operands[] = {l.saved(n.in[0]), dy, t.at};
            step& s = l.kernel<RightGradient>(operands, type);
            s.arg[2].mode = t.mode;
            dims(l, n, s);
            l.contribute(n.in[1], t);
        }
        if (l.wants_gradient(n.in[0])) {
            auto const t = l.gradient_target(n.in[0], true);
            location const operands[] = {dy, l.saved(n.in[1]), t.at};
            step& s = l.kernel<LeftGradient>(operands, type);
            s.arg[2].mode = t.mode;
            dims(l, n, s);
            l.contribute(n.in[0], t);
        }
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const &x = l.lay(n.in[0]), &w = l.lay(n.in[1]);
        long const k = x.local(x.rank - 1), columns = w.local(transposed ? 0 : 1);
        set_dims(s, x.local_count() / k, columns, k);
        l.finish(s);
    }
};

}  // namespace detail

template <>
struct lowering<rules::linear> : detail::lowering_of_product<kernels::linear_forward, kernels::linear_input_gradient,
                                                             kernels::linear_weight_gradient> {};
template <>
struct lowering<rules::matmul> : detail::lowering_of_product<kernels::matmul_forward, kernels::matmul_left_gradient,
                                                             kernels::matmul_right_gradient> {};

template <>
struct lowering<rules::embedding> {
    static constexpr void forward(lowerer& l, node const& n) {
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        dims(l, n, l.kernel<kernels::embedding_forward>(operands, l.lay(n.out).type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const t = l.gradient_target(n.in[1], true);
        detail::location const operands[] = {l.where[n.in[0]], l.grad[n.out], t.at};
        step& s = l.kernel<kernels::embedding_backward>(operands, l.lay(n.out).type);
        s.arg[2].mode = t.mode;
        dims(l, n, s);
        l.contribute(n.in[1], t);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const& w = l.lay(n.in[1]);
        detail::set_dims(s, l.lay(n.in[0]).local_count(), w.local(1), w.local(0));
        detail::set_part(s, w, 0);
        l.finish(s);
    }
};

template <>
struct lowering<rules::rms_norm> {
    static constexpr void forward(lowerer& l, node const& n) {
        layout const& x = l.lay(n.in[0]);
        auto const rstd = l.fresh(x.local_count() / x.local(x.rank - 1) * bytes_of(wide_of(x.type)));
        l.aux[n.id][0] = rstd.buffer;
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out), rstd};
        dims(l, n, l.kernel<kernels::rms_norm_forward>(operands, x.type));
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const x = l.gradient_target(n.in[0], true), w = l.gradient_target(n.in[1], true);
        detail::location const operands[] = {
            l.grad[n.out], l.saved(n.in[0]), l.saved(n.in[1]), {l.aux[n.id][0], 0}, x.at, w.at};
        step& s = l.kernel<kernels::rms_norm_backward>(operands, l.lay(n.out).type);
        s.arg[4].mode = x.mode;
        s.arg[5].mode = w.mode;
        dims(l, n, s);
        l.contribute(n.in[0], x);
        l.contribute(n.in[1], w);
        l.drop_gradient(n.out);
    }

  private:
    static constexpr void dims(lowerer& l, node const& n, step& s) {
        layout const& x = l.lay(n.in[0]);
        long const columns = x.local(x.rank - 1);
        detail::set_dims(s, x.local_count() / columns, columns);
        s.real = n.real;
        l.finish(s);
    }
};

template <>
struct lowering<rules::swiglu> {
    static constexpr void forward(lowerer& l, node const& n) {
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        l.kernel<kernels::swiglu_forward>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
    }
    static constexpr void backward(lowerer& l, node const& n) {
        auto const gate = l.gradient_target(n.in[0], false), up = l.gradient_target(n.in[1], false);
        detail::location const operands[] = {l.grad[n.out], l.saved(n.in[0]), l.saved(n.in[1]), gate.at, up.at};
        l.kernel<kernels::swiglu_backward>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
        l.contribute(n.in[0], gate);
        l.contribute(n.in[1], up);
        l.drop_gradient(n.out);
    }
};

template <>
struct lowering<rules::add> {
    static constexpr void forward(lowerer& l, node const& n) {
        detail::location const operands[] = {l.where[n.in[0]], l.where[n.in[1]], l.make(n.out)};
        l.kernel<kernels::add>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
    }
    static constexpr void backward(lowerer& l, node const& n) {
        l.share_gradient(n.in[0], l.grad[n.out]);
        l.share_gradient(n.in[1], l.grad[n.out]);
        l.drop_gradient(n.out);
    }
};

template <>
struct lowering<graph_operation::reshape> {
    static constexpr void forward(lowerer& l, node const& n) { l.where[n.out] = l.where[n.in[0]]; }
    static constexpr void backward(lowerer& l, node const& n) {
        l.share_gradient(n.in[0], l.grad[n.out]);
        l.drop_gradient(n.out);
    }
};

}  // namespace shardtype
