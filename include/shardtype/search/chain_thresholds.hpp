#pragma once

#include <shardtype/search/chain_state.hpp>

namespace shardtype::detail {

/// What is known of each threshold of the largest window: whether something fits, a price of memory, a bound.
template <class Problem, int Labels, int Arriving>
struct chain_thresholds {
    Problem const& p;
    chain_progress<Problem, Labels, Arriving>& s;
    chain_solution<Problem::max_positions>& result;
    long work = 0;  // about the statements done

    constexpr void load(int w) {
        if (s.loaded == w) return;
        s.loaded = w, s.lean = false;
        at_threshold(p, s.kinds, s.kinds.window[w], s.side[0].tables);
        work += 1000 + 10 * s.kinds.kinds * Problem::max_options;
    }
    /// The smallest plan of the threshold that is loaded.
    constexpr void find_lean() {
        if (!s.lean) walk(s.side[0], least_memory, s.side[0].lean);
        s.lean = true;
    }
    constexpr void walk(chain_side<Problem>& side, chain_measure measure, backward_table<Problem>& to) {
        walk_backward(side.tables, measure, to);
        work += 1000 + 10 * s.kinds.positions + 300 * s.kinds.segments;
    }
    constexpr long price(int w, long of_memory) {
        load(w);
        walk(s.side[0], {1L << s.scale.shift, of_memory, false}, s.side[0].priced);
        return bound_of(s.side[0].priced.start, of_memory, s.side[0].tables.room, s.scale.shift);
    }
    constexpr void take(backward_table<Problem> const& by) {
        s.best = result.time = by.time();
        follow(s.side[0].tables, by, 0, by.start_layout, result.choice);
    }
    /// Whether a threshold leaves a plan that fits.
    constexpr bool fits_at(int w) {
        if (s.seen[w]) return s.bound[w] < unreachable;
        load(w);
        find_lean();
        long const least = s.side[0].lean.start;
        bool const fits = least < unreachable && least <= s.side[0].tables.room;
        s.seen[w] = true;
        if (!fits) s.bound[w] = unreachable;
        return fits;
    }
    /// A bound of a threshold, by the multiplier of the one before where there is one.
    constexpr void find_bound_at(int w) {
        long const last = w > 0 ? s.multiplier[w - 1] : 0;
        s.multiplier[w] = last;
        if (s.bound[w] == unreachable) return;
        if (s.scale.shift < 0) return find_price_at(w);
        s.bound[w] = price(w, last);
        backward_table<Problem> const& met = s.side[0].priced;
        if (s.bound[w] >= s.best || met.memory() > s.side[0].tables.room || met.time() >= s.best) return;
        take(met);
        s.winner = w;
    }
    /// A threshold's price, its bound, and the plans met on the way.
    constexpr void find_price_at(int w) {
        s.own_price[w] = true, s.set_up = -1;
        if (!fits_at(w)) return;
        load(w);
        find_lean();
        chain_side<Problem>& side = s.side[0];
        walk(side, least_time, side.fast);
        if (s.scale.shift < 0)
            s.scale = scale_for(s.kinds.largest_time, s.kinds.largest_memory, side.lean.time() - side.fast.time(),
                                side.fast.memory() - side.lean.memory());
        chain_price const found = find_price(side.tables, s.scale, side.fast, side.lean, side.priced);
        work += 20'000;
        if (found.bound > s.bound[w]) s.bound[w] = found.bound, s.multiplier[w] = found.multiplier;
        if (found.time >= s.best) return;
        walk(side, found.fastest, side.priced);
        take(side.priced);
        s.winner = w;
    }
    constexpr int least_bound() const {
        int least = 0;
        for (int w = 1; w < s.kinds.windows; ++w) least = s.bound[w] < s.bound[least] ? w : least;
        return least;
    }
};

}  // namespace shardtype::detail
