#pragma once

#include <shardtype/rules/gradient_norm.hpp>
#include <shardtype/schedule/lower_once.hpp>

namespace shardtype {

/// Lays out the four state regions: parameters that are sharded over the same axes lie together, so that a norm and an
/// update are one pass each. Every region has the same offsets.
constexpr void lower_state(graph const& g, schedule_builder& b) {
    for (short k = 0; k < g.parameter_count; ++k) {
        scheduled_parameter& p = b.parameters[k];
        p.is = g.parameters[k];
        for (int a = 0; a < p.is.stored.axes; ++a)
            if (p.is.stored.on[a].is == kind::shard && p.is.stored.axis_size[a] > 1) p.group |= 1U << a;
        long const bytes = p.is.stored.local_bytes();
        p.weight = b.add_buffer(bytes, buffer_class::parameter, p.is.layers);
        p.gradient = b.add_buffer(bytes, buffer_class::gradient, p.is.layers);
        if (p.is.deferred_hops > 0) p.summed = b.add_buffer(p.is.after(p.is.deferred_hops).local_bytes());
    }
    b.parameter_count = g.parameter_count;
    long at = 0;
    for (unsigned group = 0; group < (1U << max_axes); ++group)
        for (short k = 0; k < b.parameter_count; ++k) {
            scheduled_parameter const& p = b.parameters[k];
            if (p.group != group) continue;
            short const both[] = {p.weight, p.gradient};
            for (short i : both) b.buffers[i].offset = at, b.buffers[i].stride = align_up(b.buffers[i].bytes);
            at += b.buffers[p.weight].stride * p.is.layers;
        }
    b.at.state_bytes = at;
    b.at.weights = b.add_buffer(at, buffer_class::region);
    b.at.gradients = b.add_buffer(at, buffer_class::region);
    b.at.moment1 = b.add_buffer(at, buffer_class::region);
    b.at.moment2 = b.add_buffer(at, buffer_class::region);
}

namespace detail {
/// The scalar x has been summed over these axes: over those of more than one device on which it is partial, and no
/// other? A sum too few or too many is refused as an operand of the norm would be [ST-R302], [ST-C401].
constexpr void check_summed(schedule_builder& b, layout const& x, unsigned over) {
    for (int a = 0; a < x.axes; ++a) {
        bool const summed = ((over >> a) & 1U) != 0, partial = x.on[a].is == kind::partial;
        if (summed && !partial) b.fail(code::not_partial);
        if (!summed && partial && x.axis_size[a] > 1) b.fail(code::partial_operand);
    }
}
}  // namespace detail

/// Once per step: the loss over the mesh; gradients that wait for it reduced, their norm, one AdamW pass over all state.
/// A parameter that is whole on an axis counts once there: only sharded groups are summed over the axis.
constexpr void lower_optimizer(lowerer& l) {
    schedule_builder& b = l.b;
    long const element = bytes_of(l.g.element);
    b.open(1, false, segment_kind::report);
    lowerer::location loss = l.loss;
    long const one = 1;
    unsigned summed = 0;
    for (int a = 0; a < l.g.policy.axes; ++a)
        if (l.lay(l.g.loss).on[a].is == kind::partial && l.g.policy.axis_size[a] > 1) {
            lowerer::location const sum = l.fresh(element);
            l.collective<kernels::all_reduce>(a, loss, sum, &one, 1, l.g.element);
            loss = sum;
            summed |= 1U << a;
        }
    detail::check_summed(b, l.lay(l.g.loss), summed);
    b.at.loss = loss.buffer;
    lower_deferred_reductions(l);
    b.open(1, false, segment_kind::update);
    long counted = 0;
    lowerer::location sums[max_arguments]{};
    int groups = 0;
    for (unsigned group = 0; group < (1U << max_axes); ++group) {
        long first = -1, end = 0;
        for (short k = 0; k < b.parameter_count; ++k) {
            if (b.parameters[k].group != group) continue;
            buffer const& at = b.buffers[b.parameters[k].weight];
            if (first < 0 || at.offset < first) first = at.offset;
            long const last = at.offset + at.stride * at.period;
            if (last > end) end = last;
        }
        if (first < 0) continue;
        counted += end - first;
        lowerer::location sum = l.fresh(8);
        summed = 0;
        lowerer::location const operands[] = {{b.at.gradients, 0}, sum};
        step& s = l.kernel<kernels::square_sum>(operands, l.g.element);
        s.dim[0] = first;
        s.dim[1] = (end - first) / element;
        l.finish(s);
        for (int a = 0; a < l.g.policy.axes; ++a)
            if (((group >> a) & 1U) != 0) {
                lowerer::location const over = l.fresh(8);
                l.collective<kernels::all_reduce>(a, sum, over, &one, 1, dtype::f64);
                sum = over;
                summed |= 1U << a;
            }
        for (short k = 0; k < b.parameter_count; ++k)
            if (b.parameters[k].group == group) detail::check_summed(b, square_sum(b.parameters[k].is.stored), summed);
        if (groups == max_arguments - 2) {
            b.fail(code::capacity);
            return;
        }
        sums[groups++] = sum;
    }
    if (counted != b.at.state_bytes) b.fail(code::gradient_contributions);  // each parameter in one group
    b.at.report = b.add_buffer(3L * 8, buffer_class::report);
    sums[groups] = loss;
    sums[groups + 1] = {b.at.report, 0};
    step& clip = l.kernel<kernels::clip>(sums, l.g.element, groups + 2);
    clip.reads = (1U << (groups + 1)) - 1;
    clip.writes = 1U << (groups + 1);
    clip.dim[0] = groups;
    lowerer::location const state[] = {
        {b.at.weights, 0}, {b.at.gradients, 0}, {b.at.moment1, 0}, {b.at.moment2, 0}, {b.at.report, 0}};
    l.kernel<kernels::adamw>(state, l.g.element).dim[0] = b.at.state_bytes / element;
}

}  // namespace shardtype
