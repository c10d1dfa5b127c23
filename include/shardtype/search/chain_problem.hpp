#pragma once

namespace shardtype {

/// What cannot be: the time of a redistribution that does not exist. Every sum of a problem stays below it.
inline constexpr long unreachable = 1L << 61;

/// One way to run a layer: the layout it takes, the layout it gives, and what it costs. Nothing is negative.
struct chain_option {
    short in = 0;         ///< boundary layout, from 0
    short out = 0;        ///< boundary layout, from 0
    long time = 0;        ///< nanoseconds
    long memory = 0;      ///< KiB, held until the step ends: adds up along the chain
    long window = 0;      ///< KiB, held while the layer runs: of these only the chain's largest counts
    bool allowed = true;  ///< false: the option keeps its number but is unreachable chosen
};

/// A redistribution between two layers. `time` of `unreachable`: there is none.
struct chain_edge {
    long time = 0;    ///< nanoseconds
    long window = 0;  ///< KiB, as in `chain_option`
};

/// The options of one kind of layer.
template <int Options>
struct chain_class {
    static constexpr int max_options = Options;  ///< room
    int count = 0;                               ///< options
    bool complete = true;                        ///< false: an option did not fit, no exact answer can be had
    chain_option option[Options]{};              ///< by number

    /// Appends an option.
    constexpr void add(chain_option const& one) {
        if (count == Options) complete = false;
        if (count < Options) option[count++] = one;
    }
};

/// `count` equal layers, one behind the other.
struct chain_run {
    short of = 0;   ///< class
    int count = 1;  ///< positions
};

/// At `count` positions from `first` on, an option is forbidden, or (`only`) all others are.
struct chain_pin {
    int first = 0;      ///< position
    int count = 1;      ///< positions
    short option = 0;   ///< number in the position's class
    bool only = false;  ///< all others are forbidden, not this one
};

/// A chain of layers to be given one option each: least time, memory within a budget.
/// time   = entry[in of the first] + times + redistributions between neighbours + exit[out of the last]
/// memory = fixed + memories + the largest window
template <int Layouts, int Classes, int Options, int Runs, int Positions, int Pins = 1>
struct chain_problem {
    static constexpr int max_layouts = Layouts;      ///< room
    static constexpr int max_classes = Classes;      ///< room
    static constexpr int max_options = Options;      ///< room of a class
    static constexpr int max_runs = Runs;            ///< room
    static constexpr int max_positions = Positions;  ///< room
    static constexpr int max_pins = Pins;            ///< room

    int layouts = Layouts;                          ///< boundary layouts in use
    int classes = 0;                                ///< in use
    int runs = 0;                                   ///< in use
    int pins = 0;                                   ///< in use
    chain_class<Options> of[Classes]{};             ///< the classes
    chain_run run[Runs]{};                          ///< in the chain's order
    chain_pin pin[Pins]{};                          ///< in any order
    chain_edge redistribution[Layouts][Layouts]{};  ///< [out of a layer][in of the next]
    long entry[Layouts]{};                          ///< nanoseconds, `unreachable` where the chain may not begin
    long exit[Layouts]{};                           ///< nanoseconds, `unreachable` where it may not end
    long fixed = 0;                                 ///< KiB
    long budget = unreachable;                      ///< KiB
    long below = unreachable;                       ///< nanoseconds: only what is faster counts (the best so far)
    bool complete = true;                           ///< false: something did not fit

    /// Layers of the chain.
    constexpr int positions() const {
        int n = 0;
        for (int r = 0; r < runs; ++r) n += run[r].count;
        return n;
    }
    /// Adds a class and returns its number.
    template <int Others>
    constexpr short add(chain_class<Others> const& one) {
        if (classes == Classes || one.count > Options || !one.complete) return complete = false, short{0};
        for (int k = 0; k < one.count; ++k) of[classes].add(one.option[k]);
        return static_cast<short>(classes++);
    }
    /// Appends equal layers.
    constexpr void repeat(short one, int count = 1) {
        if (runs == Runs) complete = false;
        if (runs < Runs) run[runs++] = {one, count};
    }
    /// Adds a pin.
    constexpr void add_pin(chain_pin const& one) {
        if (pins == Pins) complete = false;
        if (pins < Pins) pin[pins++] = one;
    }
    /// Takes an option from one position.
    constexpr void forbid(int position, short option) { add_pin({position, 1, option, false}); }
    /// Leaves one position this option only.
    constexpr void require(int position, short option) { add_pin({position, 1, option, true}); }
    /// Whether a pin leaves this option at this position.
    constexpr bool admits(int position, int option) const {
        bool yes = true;
        for (int k = 0; k < pins; ++k)
            yes = yes && (position < pin[k].first || position >= pin[k].first + pin[k].count ||
                          (option == pin[k].option) == pin[k].only);
        return yes;
    }
};

/// How a search ended.
enum class chain_outcome : unsigned char {
    optimal,      ///< a plan, and the proof that none is faster
    none_better,  ///< the proof that nothing is faster than `below`
    infeasible,   ///< no plan fits: `choice` is the smallest, `memory` what it needs
    no_path,      ///< no plan at any memory: `position` cannot be passed
    unproven,     ///< out of labels: a plan that fits, with a gap to the lower bound
    invalid,      ///< the problem is not well formed, or its sums too large
};

/// What proves that no plan is faster.
enum class chain_proof : unsigned char {
    none,
    bound,   ///< the Lagrangian bound equals the value
    labels,  ///< every label below the value was extended, and none reached the end
};

/// What `certifies` checks. The multiplier is a price: nanoseconds per KiB, times 2^shift.
struct chain_certificate {
    long value = unreachable;               ///< nanoseconds: no plan within the budget is faster
    long lower_bound = 0;                   ///< nanoseconds: what the multiplier alone proves
    long multiplier = 0;                    ///< the price of memory
    int shift = 0;                          ///< its binary places
    long labels = 0;                        ///< labels that the search kept
    chain_proof proof = chain_proof::none;  ///< what settles it
};

/// One option per position, and what it costs.
template <int Positions>
struct chain_solution {
    chain_outcome outcome = chain_outcome::invalid;  ///< how the search ended
    bool optimal = false;                            ///< a plan, and the proof that none is faster
    int positions = 0;                               ///< layers
    long time = unreachable;                         ///< nanoseconds
    long memory = 0;                                 ///< KiB, `fixed` and the largest window included
    int position = 0;                                ///< which position holds most of the memory
    short choice[Positions]{};                       ///< option of every position
    chain_certificate certificate{};                 ///< the proof
};

}  // namespace shardtype
