#pragma once

#include <shardtype/model/parameter_route.hpp>
#include <shardtype/plan/class_probe.hpp>

namespace shardtype::detail {

/// What the parameters of one layer of a unit cost under one choice of roles: time of one micro-batch but where it says
/// once a step, bytes of one rank.
struct parameter_cost {
    long gather_kernels = 0;  ///< ns: casts and copies on the way to the used copy
    long gather_moves = 0;    ///< ns: gathers
    long reduce_kernels = 0;  ///< ns
    long reduce_moves = 0;    ///< ns: reductions of gradients
    long once_kernels = 0;    ///< ns, once a step: as above, and the optimizer
    long once_moves = 0;      ///< ns, once a step
    long shards = 0;          ///< bytes of stored weights; gradients and both moments are as many each
    long state = 0;           ///< bytes: weights, gradients, moments, copies kept over a step
    long copies = 0;          ///< bytes of copies that are made for use
    long gathered = 0;        ///< bytes of these, and of what lies between on the way
    long gradients = 0;       ///< bytes of gradients that wait for their reductions, and between
    long once_between = 0;    ///< bytes on the way to and from copies that are kept over a step
    long gather_between = 0;  ///< bytes on the way to one used copy, at most
    long reduce_between = 0;  ///< bytes on the way from one gradient of it, beyond those of the probed roles
    long stored = 0;          ///< bytes of stored matrices; what `parameter_memory` bounds
    long whole = 0;           ///< bytes of the matrices, on all ranks once

    /// Of this and that.
    constexpr void add(parameter_cost const& c) {
        gather_kernels += c.gather_kernels, gather_moves += c.gather_moves;
        reduce_kernels += c.reduce_kernels, reduce_moves += c.reduce_moves;
        once_kernels += c.once_kernels, once_moves += c.once_moves;
        once_between += c.once_between;
        if (c.gather_between > gather_between) gather_between = c.gather_between;
        if (c.reduce_between > reduce_between) reduce_between = c.reduce_between;
        shards += c.shards, state += c.state, copies += c.copies, gathered += c.gathered, gradients += c.gradients,
            stored += c.stored, whole += c.whole;
    }
};

/// Where a parameter is stored, had its axes these roles: as `probed`, which every axis that splits the batch shards.
constexpr layout stored_under(placement_policy const& p, layout probed) {
    for (int a = 0; a < p.axes; ++a)
        if (p.splits_batch(a)) probed.on[a] = on_invariant;
    constexpr role order[] = {role::fully_sharded, role::sharded_gradients, role::sharded_optimizer};
    for (role const r : order)
        for (int a = 0; a < p.axes; ++a)
            if (p.on[a] == r) probed.on[a] = {kind::shard, 0, static_cast<signed char>(probed.shards(0))};
    return probed;
}

/// A way from stored to used that was searched for already. Which way is the cheapest depends on the placements, and on
/// the size only where that is comparable to the price of a hop.
struct known_route {
    static constexpr long large = 64 * conversion::usual_hop_bytes;

    layout stored{}, used{};
    conversion path{};
    int once_hops = 0, deferred_hops = 0;

    constexpr bool is_for(parameter_record const& r) const {
        if (stored == r.stored && used == r.used) return true;
        if (stored.rank != r.stored.rank || stored.local_bytes() < large || r.stored.local_bytes() < large)
            return false;
        for (int a = 0; a < stored.axes; ++a)
            if (!(stored.on[a] == r.stored.on[a] && used.on[a] == r.used.on[a])) return false;
        return true;
    }
};

/// Lowers parameters' ways from their stored to their used form, and back, one after the other in the same room.
struct parameter_prober {
    graph const& g;
    schedule_builder& b;
    lowerer& l;
    cluster const& on;
    known_route known[8]{};  // under the roles of now
    int routes = 0;

    constexpr time_of_steps time_from(short first) const {
        time_of_steps t;
        for (short i = first; i < b.step_count; ++i) t.add(on, b.steps[i]);
        return t;
    }
    /// Adds a parameter under these roles. False: it cannot be stored so.
    constexpr bool add(unit_parameter const& probed, placement_policy const& p, parameter_cost& c) {
        b.forget();
        scheduled_parameter& s = b.parameters[0];
        parameter_record& r = s.is;
        r.stored = stored_under(p, probed.stored);
        r.used = probed.used;
        if (fault_of(r.stored).what != code::ok) return false;
        route(r, p);
        if (!r.path.says.legal()) return false;
        long const bytes = r.stored.local_bytes();
        s.weight = b.add_buffer(bytes), s.gradient = b.add_buffer(bytes);
        s.kept = s.summed = -1;
        if (r.deferred_hops > 0) s.summed = b.add_buffer(r.after(r.deferred_hops).local_bytes());
        c.shards += align_up(bytes);
        c.state += 4 * align_up(bytes) + (s.summed >= 0 ? align_up(b.buffers[s.summed].bytes) : 0);
        if (r.stored.rank > 1) c.stored += bytes, c.whole += r.stored.count() * bytes_of(r.stored.type);
        auto const made_since = [&](short before) {
            long sum = 0;
            for (short i = before; i < b.buffer_count; ++i) sum += align_up(b.buffers[i].bytes);
            return sum;
        };
        // On a way each buffer is made from the one before, which then ends.
        auto const most_since = [&](short before) {
            long most = 0, last = 0;
            for (short i = before; i < b.buffer_count; ++i) {
                long const now = align_up(b.buffers[i].bytes);
                most = now + last > most ? now + last : most;
                last = now;
            }
            return most;
        };
        auto const once = [&](short first) {
            time_of_steps const t = time_from(first);
            c.once_kernels += t.kernels, c.once_moves += t.moves;
        };
        if (r.once_hops > 0) {
            short const before = b.buffer_count;
            s.kept = lower_gathers(l, r, 0, r.once_hops, {s.weight, 0}).buffer;
            if (s.kept != s.weight) {
                c.state += align_up(b.buffers[s.kept].bytes);
                c.once_between += made_since(before) - align_up(b.buffers[s.kept].bytes);
            }
            once(0);
        }
        int const uses = probed.uses;
        short first = b.step_count;
        short buffers = b.buffer_count;
        short const from = s.kept >= 0 ? s.kept : s.weight;
        short const used = lower_gathers(l, r, r.once_hops, r.path.hops, {from, 0}).buffer;
        if (used != from) {
            c.copies += uses * align_up(b.buffers[used].bytes);
            c.gather_between = most_since(buffers) - align_up(b.buffers[used].bytes);
        }
        c.gathered += uses * made_since(buffers);
        buffers = b.buffer_count;
        time_of_steps const gather = time_from(first);
        c.gather_kernels += uses * gather.kernels, c.gather_moves += uses * gather.moves;
        first = b.step_count;
        if (lowerer::reduces(r)) {
            lowerer::location const made = l.fresh(r.used.local_count() * bytes_of(r.stored.type));
            accumulate const mode = b.micro_batches ? accumulate::add_after_first : accumulate::write;
            short const goal = s.summed >= 0 ? s.summed : s.gradient;
            lower_reductions(l, r, r.path.hops, r.deferred_hops, made, {{goal, 0}, mode, false});
            c.gradients += uses * made_since(buffers);
            long const gradient = align_up(b.buffers[made.buffer].bytes);
            c.reduce_between = most_since(buffers) - gradient - least_between(gradient, p);
            if (c.reduce_between < 0) c.reduce_between = 0;
        }
        time_of_steps const reduce = time_from(first);
        c.reduce_kernels += uses * reduce.kernels, c.reduce_moves += uses * reduce.moves;
        first = b.step_count;
        buffers = b.buffer_count;
        if (r.deferred_hops > 0)
            lower_reductions(l, r, r.deferred_hops, 0, {s.summed, 0}, {{s.gradient, 0}, accumulate::write, false});
        c.once_between += made_since(buffers);
        once(first);
        return b.says.legal();
    }
    /// The norm's and the optimizer's pass over a layer's state.
    constexpr void add_update(parameter_cost& c) const {
        step norm, update;
        norm.kernel = id_of<shardtype::kernels::square_sum>;
        update.kernel = id_of<shardtype::kernels::adamw>;
        norm.type = update.type = g.element;
        long const none = kernel_time(on.on, norm) + kernel_time(on.on, update);
        norm.dim[1] = update.dim[0] = c.shards / bytes_of(g.element);
        c.once_kernels += kernel_time(on.on, norm) + kernel_time(on.on, update) - none;
    }

  private:
    /// What lies between on the way from a whole gradient to one that every axis which splits the batch shards.
    static constexpr long least_between(long gradient, placement_policy const& p) {
        int axes = 0, most = 1;
        for (int a = 0; a < p.axes; ++a)
            if (p.splits_batch(a) && p.axis_size[a] > 1) ++axes, most = p.axis_size[a] > most ? p.axis_size[a] : most;
        return axes > 1 ? gradient / most : 0;
    }
    constexpr void route(parameter_record& r, placement_policy const& p) {
        r.gathers_once = axes_gathered_once(p);
        for (int i = 0; i < routes; ++i)
            if (known[i].is_for(r)) {
                r.path = known[i].path, r.once_hops = known[i].once_hops, r.deferred_hops = known[i].deferred_hops;
                return;
            }
        find_route(r, p);
        if (routes < 8) known[routes++] = {r.stored, r.used, r.path, r.once_hops, r.deferred_hops};
    }
};

}  // namespace shardtype::detail
