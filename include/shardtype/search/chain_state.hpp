#pragma once

#include <shardtype/search/chain_label_search.hpp>

namespace shardtype {

/// What a search does next.
enum class chain_phase : unsigned char {
    begin,        ///< check the problem
    room,         ///< whether anything fits, threshold by threshold
    prices,       ///< multipliers and bounds, threshold by threshold
    labels,       ///< what bounds leave open
    certificate,  ///< the bound that one multiplier proves, threshold by threshold
    done,
};

namespace detail {

template <class Problem, int Labels, int Arriving>
struct chain_progress {
    static constexpr int max_windows = chain_kinds<Problem>::max_windows;

    chain_kinds<Problem> kinds;
    chain_side<Problem> side[2];  // from the beginning, at the threshold `loaded`; from the end, at `set_up`
    price_scale scale;
    int loaded, window;            // thresholds; `window` is the one in work
    bool lean;                     // whether side[0].lean is of the one that is loaded
    bool seen[max_windows];        // per threshold: whether it is known if something fits
    bool own_price[max_windows];   // per threshold: whether its multiplier is its own
    int winner;                    // that of the best plan
    long need;                     // KiB: the smallest plan's, without `fixed`; while certifying: the least bound
    bool fits;                     // at some threshold
    int candidate;                 // which multiplier is being certified
    long best;                     // nanoseconds: `below`, then the best plan's
    long bound[max_windows];       // per threshold; `unreachable`: nothing fits there
    long multiplier[max_windows];  // per threshold
    bool in_pass;                  // labels are being set
    int set_up;                    // the threshold that both sides' tables are of; -1: none
    long step;                     // ns above a bound that a pass looks at most; 0: no pass has been yet
    int widest;                    // labels a list, of a pass where there was no room for all; 0: no limit
    int used;
    label_front<Problem> front[2];
    chain_incumbent incumbent;
    chain_label label[Labels + Arriving];
};

}  // namespace detail

/// A search between two steps, all of it, so that a chain of constexpr variables can share one search. Plain data.
/// `Labels` is the room for what is kept, `Arriving` for what is redistributed before one layer.
template <class Problem, int Labels = 16384, int Arriving = 4096>
struct chain_search_state {
    chain_phase phase;                                           ///< `begin` for a new search
    chain_solution<Problem::max_positions> result;               ///< once `done`
    detail::chain_progress<Problem, Labels, Arriving> progress;  ///< in between
};

}  // namespace shardtype
