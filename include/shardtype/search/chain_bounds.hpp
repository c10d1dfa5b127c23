#pragma once

#include <shardtype/search/chain_backward.hpp>

/// The price of memory: a Lagrange multiplier, the bound that it proves, and the plans found on the way.
namespace shardtype::detail {

/// ceil(x / 2^shift)
constexpr long rounded_up(long x, int shift) { return -((-x) >> shift); }

/// No plan that fits is faster: cost <= time * 2^shift + multiplier * room for all of them.
constexpr long bound_of(long start, long multiplier, long room, int shift) {
    return start >= unreachable ? unreachable : rounded_up(start - multiplier * room, shift);
}

/// How finely the multiplier is written, and the largest one: times << shift and multiplier * memory stay below 2^59.
struct price_scale {
    int shift;
    long most;
};

/// For multipliers up to some times this slope, the one between the fastest plan and the smallest.
constexpr price_scale scale_for(long largest_time, long most_memory, long slope_time, long slope_memory) {
    constexpr long limit = 1L << 59;
    int shift = 0;
    while (shift < 20 && largest_time < limit >> (shift + 1) &&
           (slope_memory <= 0 || slope_time / slope_memory < (limit >> (shift + 5)) / (most_memory + 1)))
        ++shift;
    return {shift, limit / (most_memory + 1)};
}

struct chain_price {
    long multiplier;
    long bound;             // nanoseconds
    long time;              // of the fastest plan seen that fits
    chain_measure fastest;  // which measure gave that plan
};

/// The best multiplier: the slope of the hull's edge over the budget, from the fastest plan and the smallest.
/// Precondition: the smallest, `lean`, fits.
template <class Problem>
constexpr chain_price find_price(chain_tables<Problem> const& t, price_scale scale, backward_table<Problem> const& fast,
                                 backward_table<Problem> const& lean, backward_table<Problem>& scratch) {
    int const shift = scale.shift;
    long time = fast.time(), memory = fast.memory();  // too large
    if (memory <= t.room) return {0, time, time, least_time};
    chain_price best{0, time, lean.time(), least_memory};
    long small_time = lean.time(), small_memory = lean.memory();  // fits
    for (int pass = 0; pass < 12 && best.bound < best.time; ++pass) {
        long multiplier = ((small_time - time) << shift) / (memory - small_memory);
        multiplier = multiplier < 0 ? 0 : multiplier < scale.most ? multiplier : scale.most;
        chain_measure const measure{1L << shift, multiplier, false};
        walk_backward(t, measure, scratch);
        long const bound = bound_of(scratch.start, multiplier, t.room, shift);
        if (bound > best.bound) best.bound = bound, best.multiplier = multiplier;
        long const a = measure.cost(time, memory), b = measure.cost(small_time, small_memory);
        bool const last = scratch.start >= (a < b ? a : b);
        if (scratch.memory() <= t.room) {
            if (scratch.time() < best.time) best.time = scratch.time(), best.fastest = measure;
            small_time = scratch.time(), small_memory = scratch.memory();
        } else {
            time = scratch.time(), memory = scratch.memory();
        }
        if (last) break;
    }
    return best;
}

}  // namespace shardtype::detail
