#pragma once

#include <shardtype/schedule/lowerer.hpp>

namespace shardtype {

/// A loop's body is emitted once. The value that it carries is one ring: trip i reads slot i and writes slot i + 1.
template <>
struct lowering<graph_operation::loop_begin> {
    static constexpr void forward(lowerer& l, node const& n) {
        lowerer::location const x = l.where[n.in[0]];
        buffer const& lies = l.b.buffers[x.buffer];
        if (lies.carried || lies.is != buffer_class::local) {  // another loop's ring, or state
            lowerer::location const operands[] = {x, l.fresh(l.lay(n.out).local_bytes())};
            l.kernel<kernels::copy>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
            l.where[n.out] = operands[1];
        } else {
            l.where[n.out] = x;
        }
        l.b.buffers[l.where[n.out].buffer].carried = true;
        l.b.open(static_cast<int>(n.number), false, n.first_layer);
    }
    static constexpr void backward(lowerer& l, node const& n) {
        // The gradient goes on in the buffer that it came in: usually it already lies there.
        lowerer::location const carried = l.carried, mine = l.grad[n.out];
        if (mine.buffer != carried.buffer) {
            lowerer::location const operands[] = {mine, carried};
            l.kernel<kernels::copy>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
        }
        l.drop_gradient(n.out);
        l.holders[carried.buffer] = 0;
        l.b.open(1);
        l.share_gradient(n.in[0], carried);
    }
};

template <>
struct lowering<graph_operation::loop_end> {
    static constexpr void forward(lowerer& l, node const& n) {
        short const ring = l.where[n.in[2]].buffer, made = l.where[n.in[0]].buffer;
        if (made == ring) {  // the body gave its own input back: it still has to reach the next slot
            lowerer::location const operands[] = {{ring, 0}, {ring, 1}};
            l.kernel<kernels::copy>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
        }
        for (short i = l.b.current().begin; made != ring && i < l.b.step_count; ++i)
            for (short k = 0; k < l.b.steps[i].args; ++k) {
                argument& a = l.b.steps[i].arg[k];
                if (a.buffer == made) a.buffer = ring, a.shift = 1;
            }
        for (int v = 0; v < l.g.value_count; ++v)
            if (made != ring && l.where[v].buffer == made) l.where[v] = {ring, 1};
        l.b.open(1);
        l.where[n.out] = {ring, static_cast<short>(n.number)};
    }
    static constexpr void backward(lowerer& l, node const& n) {
        lowerer::location dy = l.grad[n.out];
        if (l.holders[dy.buffer] > 1 || l.b.buffers[dy.buffer].carried) {  // needed elsewhere, or another loop's
            lowerer::location const own = l.fresh(l.lay(n.out).local_bytes());
            lowerer::location const operands[] = {dy, own};
            l.kernel<kernels::copy>(operands, l.lay(n.out).type).dim[0] = l.lay(n.out).local_count();
            --l.holders[dy.buffer];
            dy = own;
        } else {
            --l.holders[dy.buffer];
        }
        l.b.buffers[dy.buffer].carried = true;
        l.grad[n.out] = {};
        l.grad[n.in[0]] = dy;  // the body's result
        ++l.contributions[n.in[0]];
        ++l.holders[dy.buffer];
        l.b.open(static_cast<int>(n.number), true, n.first_layer);
        l.carried = dy;
    }
};

}  // namespace shardtype
