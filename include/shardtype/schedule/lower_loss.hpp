#pragma once

#include <shardtype/schedule/lower_operations.hpp>

namespace shardtype {

namespace detail {
/// Reduces a row-sized vector over the axes that split the vocabulary of logits x. (clang wants it before its use.)
template <class Kernel>
constexpr void over_vocabulary(lowerer& l, layout const& x, location at, long count) {
    for (int a = 0; a < x.axes; ++a)
        if (x.on[a].is == kind::shard && x.on[a].dim == 2 && x.axis_size[a] > 1)
            l.collective<Kernel>(a, at, at, &count, 1, wide_of(x.type));
}
}  // namespace detail

/// Rows keep their maximum, the sum of exponentials and the target's logit; where the vocabulary is sharded those three
/// token-sized vectors are reduced, and nothing is communicated in backward.
template <>
struct lowering<rules::cross_entropy> {
    static constexpr void forward(lowerer& l, node const& n) {
        layout const& x = l.lay(n.in[0]);
        dtype const type = x.type;
        long const columns = x.local(2), rows = x.local_count() / columns;
        long const wide = bytes_of(wide_of(type));
        auto const max = l.fresh(rows * wide), stats = l.fresh(2 * rows * wide);
        l.aux[n.id][0] = max.buffer;
        l.aux[n.id][1] = stats.buffer;
        auto const logits = l.where[n.in[0]], targets = l.where[n.in[1]];

        detail::location const a[] = {logits, max};
        detail::set_dims(l.kernel<kernels::cross_entropy_max>(a, type), rows, columns);
        detail::over_vocabulary<kernels::all_reduce_max>(l, x, max, rows);
        detail::location const b[] = {logits, targets, max, stats};
        step& s = l.kernel<kernels::cross_entropy_sum>(b, type);
        detail::set_dims(s, rows, columns);
        detail::set_part(s, x, 2);
        detail::over_vocabulary<kernels::all_reduce>(l, x, stats, 2 * rows);
        detail::location const c[] = {max, stats, l.make(n.out)};
        step& loss = l.kernel<kernels::cross_entropy_loss>(c, type);
        loss.arg[2].mode = l.b.micro_batches ? accumulate::add_after_first : accumulate::write;
        detail::set_dims(loss, rows);
        loss.real = scale(l, n);
    }
    static constexpr void backward(lowerer& l, node const& n) {
        layout const& x = l.lay(n.in[0]);
        auto const t = l.gradient_target(n.in[0], false);
        detail::location const operands[] = {
            l.where[n.in[0]], l.where[n.in[1]], {l.aux[n.id][0], 0}, {l.aux[n.id][1], 0}, t.at};
        step& s = l.kernel<kernels::cross_entropy_backward>(operands, x.type);
        detail::set_dims(s, x.local_count() / x.local(2), x.local(2));
        detail::set_part(s, x, 2);
        s.real = scale(l, n);
        l.contribute(n.in[0], t);
    }

  private:
    /// The mean over all tokens of the step.
    static constexpr double scale(lowerer& l, node const& n) {
        return 1.0 / static_cast<double>(l.lay(n.in[1]).count() * l.g.micro_batches);
    }
};

}  // namespace shardtype
