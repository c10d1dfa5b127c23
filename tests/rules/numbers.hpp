#pragma once

// What the numbers say, whatever the rules say: every rank's operands are made from global arrays, the operation and
// its backward run rank by rank, and the results are put together again.

#include <map>
#include <stdexcept>

#include "subjects.hpp"

namespace oracle {

using namespace simulator;
using reference::arrays;

/// The layouts of an operation's operands.
using layouts = std::vector<layout>;

/// A placement of the result that is right, and the operands of which the gradient is right then (bit mask).
struct right_result {
    layout y;
    unsigned gradients;
};

/// An operation on random operands, and the true answers.
struct experiment {
    subject const& of;
    arrays x{};
    array y{}, dy{};
    arrays dx{};
    reference::context whole{};
    bool fits = true;  ///< whether the operation takes operands of these extents at all

    experiment(subject const& s, random_source& source) : of(s), source_(source) {
        for (int i = 0; i < s.is.operands; ++i) {
            auto& operand = x[static_cast<std::size_t>(i)];
            operand = random_like(of_extents(s.extents[static_cast<std::size_t>(i)]), source);
            if (i == s.ids)
                for (double& id : operand.v) id = static_cast<double>(source() % static_cast<unsigned>(s.classes));
        }
        whole.tokens = static_cast<double>(x[1].count());
        auto const operands = reference::all_of(x);
        fits = s.on_arrays.value(whole, operands, y);
        if (!fits) return;
        dy = random_like(y, source);
        s.on_arrays.gradient(whole, operands, dy, dx);
    }

    int operands() const { return of.is.operands; }
    bool fuses() const { return of.is.fused != 0; }
    bool has_gradient(int i) const { return !of.is.is_constant(i); }
    array const& operand(int i) const { return x[static_cast<std::size_t>(i)]; }

    /// The ranks' parts of operand i (of the result's gradient: i is -1), made once.
    locals const& scattered(int i, layout const& l) {
        auto [at, is_new] = scattered_[static_cast<std::size_t>(i + 1)].try_emplace(key_of(numbers_of(l)));
        if (is_new) at->second = scatter(i < 0 ? dy : operand(i), l, source_);
        return at->second;
    }

  private:
    random_source& source_;
    std::map<unsigned long, locals> scattered_[1 + max_operands];
};

/// One placement of all operands, as far as numbers go: replicate stands for invariant too.
class placed_operands {
  public:
    placed_operands(experiment& e, layouts const& in) : e_(e), in_(in) {
        auto const ranks = static_cast<std::size_t>(ranks_of(in[0]));
        x_.resize(ranks), wide_.resize(ranks), context_.assign(ranks, e.whole), y_.resize(ranks);
        for (std::size_t i = 0; i < in.size(); ++i) {
            locals const& parts = e.scattered(static_cast<int>(i), in[i]);
            for (std::size_t r = 0; r < ranks; ++r) x_[r].at[i] = &parts[r];
        }
        auto const unfused = x_;
        for (std::size_t r = 0; r < ranks && runs_; ++r) {
            auto const c = coordinates_of(in[0], static_cast<int>(r));
            if (e.of.ids == 0) context_[r].first_row = in[1].offset(0, c.at);
            if (e.fuses()) wide_[r] = beside_its_group(unfused, in[0], c), x_[r].at[0] = &wide_[r];
            runs_ = e.of.on_arrays.value(context_[r], x_[r], y_[r]);
        }
    }

    /// The results, of these candidates, whose numbers are right.
    layouts right(layouts const& candidates) const {
        layouts out;
        for (layout const& y : candidates) {
            bool fits = runs_;
            for (int d = 0; d < y.rank && fits; ++d) fits = y.local(d) == y_[0].extent[d];
            if (fits && assembles(y_, y, e_.y)) out.push_back(y);
        }
        return out;
    }

    /// Every rank's gradients, given that of the result in the dual of `out`; by operand.
    std::vector<locals> gradients(layout const& out) const {
        locals const& dy = e_.scattered(-1, dual(out));
        std::vector<locals> dx(in_.size());
        for (std::size_t r = 0; r < x_.size(); ++r) {
            arrays one;
            e_.of.on_arrays.gradient(context_[r], x_[r], dy[r], one);
            if (e_.fuses()) {
                layout columns = in_[0];  // of the wide array, this rank's part of the last dimension
                for (int a = 0; a < columns.axes; ++a)
                    if (!(columns.on[a].is == kind::shard && columns.on[a].dim == 2)) columns.on[a] = on_replicate;
                for (int d = 0; d < columns.rank; ++d) columns.extent[d] = one[0].extent[d];
                one[0] = slice(one[0], columns, coordinates_of(in_[0], static_cast<int>(r)));
            }
            for (std::size_t i = 0; i < dx.size(); ++i) dx[i].push_back(one[i]);
        }
        return dx;
    }

  private:
    /// Where the vocabulary is reduced inside, a rank's logits stand side by side with its group's.
    static array beside_its_group(std::vector<reference::operands> const& all, layout const& in,
                                  coordinates const& mine) {
        layout group = in;  // whole over the axes of the last dimension
        for (int a = 0; a < in.axes; ++a)
            if (in.on[a].is == kind::shard && in.on[a].dim == 2) group.on[a] = on_replicate;
        long extent[max_rank]{};
        for (int d = 0; d < in.rank; ++d) extent[d] = group.local(d);
        array wide = zeros(in.rank, extent);
        for (int r = 0; r < ranks_of(in); ++r) {
            auto const c = coordinates_of(in, r);
            bool member = true;
            for (int a = 0; a < in.axes; ++a) member = member && (group.on[a] != in.on[a] || c.at[a] == mine.at[a]);
            if (!member) continue;
            array const& part = all[static_cast<std::size_t>(r)][0];
            for_each_index(part, [&](long const* i, std::size_t n) {
                reference::e(wide, i[0], i[1], i[2] + in.offset(2, c.at)) = part.v[n];
            });
        }
        return wide;
    }

    experiment& e_;
    layouts in_;
    std::vector<reference::operands> x_;
    locals wide_;
    std::vector<reference::context> context_;
    locals y_;
    bool runs_ = true;
};

/// Calls f(in) for every choice of one layout per operand.
template <class F>
void for_each_choice(std::vector<layouts> const& choices, F f) {
    std::vector<std::size_t> at(choices.size(), 0);
    layouts in(choices.size());
    for (bool more = true; more;) {
        for (std::size_t i = 0; i < at.size(); ++i) in[i] = choices[i][at[i]];
        f(in);
        std::size_t i = 0;
        while (i < at.size() && ++at[i] == choices[i].size()) at[i++] = 0;
        more = i < at.size();
    }
}

/// A placement of every operand, and all placements of the result that are right in it.
struct fact {
    layouts in;
    std::vector<right_result> right;
};

/// The facts of `in` and, if `all`, of the same with any replicate as invariant: f(fact).
template <class F>
void for_each_reading(experiment& e, layouts const& in, layouts const& results, bool all, F f) {
    layouts numbers;
    for (layout const& x : in) numbers.push_back(numbers_of(x));
    placed_operands const parts(e, numbers);
    struct reading {
        layout y;
        std::vector<std::vector<bool>> right;  ///< by operand, by its reading
    };
    std::vector<layouts> choices;
    for (layout const& x : in) choices.push_back(all ? all_readings(x) : layouts{x});
    std::vector<reading> found;
    for (layout const& right : parts.right(results))
        for (layout const& y : all_readings(right)) {
            auto const dx = parts.gradients(y);
            reading one{y, {}};
            for (std::size_t i = 0; i < in.size(); ++i) {
                one.right.emplace_back();
                for (layout const& x : choices[i])
                    one.right[i].push_back(!e.has_gradient(static_cast<int>(i)) || assembles(dx[i], dual(x), e.dx[i]));
            }
            found.push_back(one);
        }
    std::vector<std::size_t> at(in.size(), 0);
    fact out{in, {}};
    for (bool more = true; more;) {
        out.right.clear();
        for (std::size_t i = 0; i < at.size(); ++i) out.in[i] = choices[i][at[i]];
        for (reading const& one : found) {
            unsigned mask = 0;
            for (std::size_t i = 0; i < at.size(); ++i) mask |= one.right[i][at[i]] ? 1U << i : 0U;
            out.right.push_back({one.y, mask});
        }
        f(out);
        std::size_t i = 0;
        while (i < at.size() && ++at[i] == choices[i].size()) at[i++] = 0;
        more = i < at.size();
    }
}

/// Layouts without invariant.
inline layouts numbers_only(layouts const& all) {
    layouts out;
    for (layout const& x : all)
        if (numbers_of(x) == x) out.push_back(x);
    return out;
}

/// Every placement of every operand on these axes.
inline std::vector<fact> all_facts(subject const& s, std::vector<int> const& axes, random_source& source) {
    experiment e(s, source);
    if (!e.fits) throw std::logic_error(std::string(s.name) + ": its own extents do not fit");
    std::vector<layouts> choices;
    for (int i = 0; i < e.operands(); ++i) choices.push_back(numbers_only(all_layouts(e.operand(i), axes)));
    auto const results = numbers_only(all_layouts(e.y, axes));
    std::vector<fact> out;
    for_each_choice(choices, [&](layouts const& in) {
        for_each_reading(e, in, results, true, [&](fact const& f) { out.push_back(f); });
    });
    return out;
}

}  // namespace oracle
