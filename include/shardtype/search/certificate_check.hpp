#pragma once

#include <shardtype/search/chain_problem.hpp>

/// The checker shares no code with the search: no reduced options, no runs, tables from the other end, and labels in
/// one direction only.
namespace shardtype {

/// What is wrong with a solution.
enum class certificate_fault : unsigned char {
    none,
    malformed,    ///< the problem or the certificate is out of range
    choice,       ///< an option that is not there, forbidden, or not reachable from the one before
    time,         ///< not what the choice takes
    memory,       ///< not what the choice needs, or over the budget
    position,     ///< not where most memory is
    lower_bound,  ///< not what the multiplier proves
    claim,        ///< outcome, `optimal`, value and proof contradict each other
    not_least,    ///< infeasible: there is a smaller plan, or one that fits
    faster,       ///< there may be a faster plan within the budget
    room,         ///< more labels than the checker holds
};

namespace detail {

/// Sorted by memory, so by falling time: none beats another.
template <int Room>
struct checked_labels {
    int count = 0;
    long time[Room]{}, memory[Room]{};

    /// False: no room. `work`: about the statements.
    constexpr bool add(long t, long m, long& work) {
        int at = count;
        while (at > 0 && memory[at - 1] > m) --at;
        work += 15 + 3 * (count - at);
        if (at > 0 && time[at - 1] <= t) return true;
        int end = at;
        while (end < count && time[end] >= t) ++end;
        if (end == at && count == Room) return false;
        if (end == at)
            for (int k = count++; k > at; --k) time[k] = time[k - 1], memory[k] = memory[k - 1];
        else
            for (int k = end; k < count; ++k) time[k - end + at + 1] = time[k], memory[k - end + at + 1] = memory[k];
        count -= end > at ? end - at - 1 : 0;
        time[at] = t, memory[at] = m;
        return true;
    }
};

template <class Problem, int Room>
struct certificate_check {
    static constexpr int layouts = Problem::max_layouts, max_positions = Problem::max_positions;

    Problem const& p;
    int n = 0;
    short of[max_positions]{};
    long largest_time = 0, largest_memory = 0;
    /// Least sums from the beginning up to every position's in layout, and to its out layout.
    struct table {
        long in[max_positions][layouts]{}, out[max_positions][layouts]{};
    };
    table time{}, memory{}, cost{};
    long work = 0;  // about the statements of labels

    /// One class per position, and what no path exceeds. False: the problem is not well formed.
    constexpr bool expand() {
        constexpr long limit = 1L << 57;
        bool good = p.complete && p.runs > 0 && p.fixed >= 0 && limit > p.fixed && p.budget >= 0;
        long edge = 0, entry = 0, exit = 0;
        for (int g = 0; g < p.layouts; ++g) {
            entry = p.entry[g] < unreachable && p.entry[g] > entry ? p.entry[g] : entry;
            exit = p.exit[g] < unreachable && p.exit[g] > exit ? p.exit[g] : exit;
            good = good && p.entry[g] >= 0 && p.exit[g] >= 0;
            for (int h = 0; h < p.layouts; ++h) {
                long const t = p.redistribution[g][h].time;
                edge = t < unreachable && t > edge ? t : edge,
                good = good && t >= 0 && p.redistribution[g][h].window >= 0;
            }
        }
        largest_time = entry + exit;
        for (int r = 0; r < p.runs && good; ++r) {
            good = p.run[r].of >= 0 && p.run[r].of < p.classes && p.run[r].count <= max_positions - n;
            if (!good) break;
            long slowest = 0, largest = 0;
            for (int k = 0; k < p.of[p.run[r].of].count; ++k) {
                chain_option const& o = p.of[p.run[r].of].option[k];
                good = good && o.time >= 0 && o.memory >= 0 && o.window >= 0 && o.in >= 0 && o.in < p.layouts &&
                       o.out >= 0 && o.out < p.layouts;
                slowest = o.time > slowest ? o.time : slowest, largest = o.memory > largest ? o.memory : largest;
            }
            for (int k = 0; k < p.run[r].count && good; ++k) {
                of[n++] = p.run[r].of, largest_time += slowest + edge, largest_memory += largest;
                good = largest_time < limit && largest_memory < limit;
            }
        }
        return good && n > 0;
    }
    constexpr bool may(int i, int k, long window) const {
        chain_option const& o = p.of[of[i]].option[k];
        return o.allowed && o.window <= window && p.admits(i, k);
    }
    constexpr long edge(int g, int h, long window) const {
        return p.redistribution[g][h].window <= window ? p.redistribution[g][h].time : unreachable;
    }
    /// Fills a table; returns the least sum of the whole chain.
    constexpr long forward(long window, long of_time, long of_memory, table& to) const {
        long whole = unreachable;
        for (int i = 0; i < n; ++i) {
            for (int h = 0; h < p.layouts; ++h) {
                to.in[i][h] = i == 0 && p.entry[h] < unreachable ? p.entry[h] * of_time : unreachable;
                for (int g = 0; g < p.layouts && i > 0; ++g) {
                    if (to.out[i - 1][g] >= unreachable || edge(g, h, window) >= unreachable) continue;
                    long const c = to.out[i - 1][g] + edge(g, h, window) * of_time;
                    to.in[i][h] = c < to.in[i][h] ? c : to.in[i][h];
                }
            }
            for (int g = 0; g < p.layouts; ++g) to.out[i][g] = unreachable;
            for (int k = 0; k < p.of[of[i]].count; ++k) {
                chain_option const& o = p.of[of[i]].option[k];
                if (to.in[i][o.in] >= unreachable || !may(i, k, window)) continue;
                long const c = to.in[i][o.in] + o.time * of_time + o.memory * of_memory;
                to.out[i][o.out] = c < to.out[i][o.out] ? c : to.out[i][o.out];
            }
        }
        for (int g = 0; g < p.layouts; ++g)
            if (to.out[n - 1][g] < unreachable && p.exit[g] < unreachable &&
                to.out[n - 1][g] + p.exit[g] * of_time < whole)
                whole = to.out[n - 1][g] + p.exit[g] * of_time;
        return whole;
    }
    constexpr long room(long window) const {
        long const left = p.budget - p.fixed - window;
        return left < largest_memory ? left : largest_memory;
    }
    /// Lengthens all ends of plans that begin behind layer i by that layer, unless no plan with them fits the room and
    /// takes `value` or less. Precondition: the tables are those of the window. False: no room for the labels.
    constexpr bool lengthen(int i, long window, long value, chain_certificate const& c,
                            checked_labels<Room> (&in)[layouts]) {
        long const most = room(window), limit = (value << c.shift) + c.multiplier * most;
        checked_labels<Room> out[layouts]{};
        for (int g = 0; g < p.layouts; ++g) {
            if (i + 1 == n && p.exit[g] < unreachable) out[g].add(p.exit[g], 0, work);
            long const t = value - time.out[i][g], m = most - memory.out[i][g], l = limit - cost.out[i][g];
            for (int h = 0; h < p.layouts && i + 1 < n; ++h) {
                long const e = edge(g, h, window);
                for (int k = 0; e < unreachable && k < in[h].count; ++k)
                    if (in[h].time[k] + e <= t && in[h].memory[k] <= m &&
                        ((in[h].time[k] + e) << c.shift) + in[h].memory[k] * c.multiplier <= l &&
                        !out[g].add(in[h].time[k] + e, in[h].memory[k], work))
                        return false;
                work += 3 + 3 * in[h].count;
            }
        }
        for (int h = 0; h < p.layouts; ++h) in[h].count = 0;
        for (int k = 0; k < p.of[of[i]].count; ++k) {
            chain_option const& o = p.of[of[i]].option[k];
            if (!may(i, k, window) || cost.in[i][o.in] >= unreachable) continue;
            long const t = value - time.in[i][o.in] - o.time, m = most - memory.in[i][o.in] - o.memory;
            long const l = limit - cost.in[i][o.in] - (o.time << c.shift) - o.memory * c.multiplier;
            checked_labels<Room> const& rest = out[o.out];
            for (int j = 0; j < rest.count; ++j)
                if (rest.time[j] <= t && rest.memory[j] <= m &&
                    (rest.time[j] << c.shift) + rest.memory[j] * c.multiplier <= l &&
                    !in[o.in].add(rest.time[j] + o.time, rest.memory[j] + o.memory, work))
                    return false;
            work += 15 + 3 * rest.count;
        }
        return true;
    }
    constexpr certificate_fault check_choice(chain_solution<max_positions> const& s) const {
        long takes = 0, needs = p.fixed, window = 0, most = -1;
        int position = 0;
        for (int i = 0; i < n; ++i) {
            if (s.choice[i] < 0 || s.choice[i] >= p.of[of[i]].count || !may(i, s.choice[i], unreachable))
                return certificate_fault::choice;
            chain_option const& o = p.of[of[i]].option[s.choice[i]];
            chain_edge between{p.entry[o.in], 0};
            if (i > 0) between = p.redistribution[p.of[of[i - 1]].option[s.choice[i - 1]].out][o.in];
            long const end = i + 1 == n ? p.exit[o.out] : 0;
            if (between.time >= unreachable || end >= unreachable) return certificate_fault::choice;
            takes += between.time + o.time + end, needs += o.memory;
            window = o.window > window ? o.window : window;
            window = between.window > window ? between.window : window;
            if (o.memory + o.window > most) most = o.memory + o.window, position = i;
        }
        if (takes != s.time) return certificate_fault::time;
        if (needs + window != s.memory) return certificate_fault::memory;
        return position == s.position ? certificate_fault::none : certificate_fault::position;
    }
    /// The next larger window of an option or a redistribution; `unreachable` behind the last.
    constexpr long next_window(long last) const {
        long next = unreachable;
        for (int c = 0; c < p.classes; ++c)
            for (int k = 0; k < p.of[c].count; ++k) {
                long const w = p.of[c].option[k].window;
                next = w > last && w < next ? w : next;
            }
        for (int g = 0; g < p.layouts; ++g)
            for (int h = 0; h < p.layouts; ++h) {
                long const w = p.redistribution[g][h].window;
                next = p.redistribution[g][h].time < unreachable && w > last && w < next ? w : next;
            }
        return next;
    }
    /// What the multiplier proves where no window is larger; `unreachable` if nothing fits. Fills two tables.
    constexpr long bound_at(long window, chain_certificate const& c) {
        if (forward(window, 0, 1, memory) > room(window)) return unreachable;
        long const whole = forward(window, 1L << c.shift, c.multiplier, cost);
        return whole < unreachable ? -((c.multiplier * room(window) - whole) >> c.shift) : unreachable;
    }
    /// All but the labels. `none` if they are not needed or have to decide.
    constexpr certificate_fault check_claims(chain_solution<max_positions> const& s) {
        using fault = certificate_fault;
        using outcome = chain_outcome;
        chain_certificate const& c = s.certificate;
        if (!expand() || c.shift < 0 || c.shift > 20 || c.multiplier < 0 || largest_time >= 1L << (60 - c.shift) ||
            c.multiplier > (1L << 59) / (largest_memory + 1))
            return fault::malformed;
        bool const smallest = s.outcome == outcome::infeasible, nothing = s.outcome == outcome::no_path;
        if (s.optimal != (s.outcome == outcome::optimal) || s.outcome == outcome::invalid || s.positions != n)
            return fault::claim;
        if (s.outcome == outcome::optimal || smallest) {
            fault const wrong = check_choice(s);
            if (wrong != fault::none) return wrong;
            if ((s.memory > p.budget) != smallest) return fault::memory;
        }
        long bound = unreachable;
        for (long w = next_window(-1); w < unreachable; w = next_window(w)) {
            if (smallest || nothing) {
                long const least = forward(w, 0, 1, memory);
                if (least < unreachable && (nothing || least + p.fixed + w < s.memory)) return fault::not_least;
            } else {
                long const here = bound_at(w, c);
                bound = here < bound ? here : bound;
            }
        }
        if (smallest || nothing) return fault::none;
        if (s.outcome == outcome::unproven || (s.optimal && (c.value != s.time || s.time >= p.below)) ||
            (s.outcome == outcome::none_better && c.value != p.below))
            return fault::claim;
        if (bound != c.lower_bound) return fault::lower_bound;
        bool const right = c.proof == (bound >= c.value ? chain_proof::bound : chain_proof::labels);
        return right ? fault::none : fault::claim;
    }
};

}  // namespace detail
}  // namespace shardtype
