#pragma once

// A chain as an integer linear program, in two ways, and the plan that a solver's values are.
#include "chain_stretches.hpp"
#include "linear_program.hpp"

#include <limits>
#include <set>

namespace integer_program {

/// The plan is one unit of flow through layouts. Variables of stretch s: x_s_k, how often option k is chosen;
/// m_s_g_h, redistributions between its layers; e_s_g_h, the one that enters it; z_g, how the chain ends; and per
/// distinct window t, q_t: some window is that large or larger. What enters a layout leaves it. With one layer a stretch
/// all corners of these rows are plans (flows), only the memory's row cuts them. With several, rows of `connect` forbid
/// cycles apart from the way; numbers of visits that flow and hang together are those of a way (Euler).
template <class Problem>
class chain_in_integers {
  public:
    chain_in_integers(Problem const& problem, formulation how)
        : p_(problem), unit_(units_of(problem)), parts_(stretches_of(problem, how)) {
        find_windows();
        over_.resize(windows_.size());
        for (int s = 0; s < count(); ++s) state_variables(s);
        for (int g = 0; g < p_.layouts; ++g)
            if (ends(g)) cost(p_.exit[g], whole(named('z', g), 1));
        for (int s = 0; s < count(); ++s) state_flow(s);
        state_memory();
        if (p_.below < st::unreachable) lp_.add_row(time_, "<=", (p_.below + unit_.time - 1) / unit_.time - 1);
    }

    linear_program const& program() const { return lp_; }
    long time_unit() const { return unit_.time; }

    /// One option per position; empty if the values are no way through the chain.
    std::vector<int> choice(std::map<std::string, long> const& value) const {
        auto const of = [&value](std::string const& name) {
            auto const at = value.find(name);
            return at == value.end() ? 0L : at->second;
        };
        std::vector<int> all;
        for (int s = 0; s < count(); ++s) {
            int at = -1;
            for (int h = 0; h < p_.layouts; ++h)
                for (int g = 0; g < (s == 0 ? 1 : p_.layouts); ++g)
                    if (of(named('e', s, g, h)) > 0) at = h;
            if (at < 0) return {};
            std::vector<int> const part = walk(s, at, of);
            if (static_cast<int>(part.size()) != part_of(s).count) return {};
            all.insert(all.end(), part.begin(), part.end());
        }
        return all;
    }

  private:
    int count() const { return static_cast<int>(parts_.size()); }
    stretch const& part_of(int s) const { return parts_[static_cast<std::size_t>(s)]; }
    st::chain_option const& option(int s, int k) const { return p_.of[part_of(s).of].option[k]; }
    bool takes(int s, int h) const {
        return std::ranges::any_of(part_of(s).options, [&](int k) { return option(s, k).in == h; });
    }
    bool gives(int s, int g) const {
        return std::ranges::any_of(part_of(s).options, [&](int k) { return option(s, k).out == g; });
    }
    bool leads(int from, int g, int to, int h) const {
        return gives(from, g) && takes(to, h) && p_.redistribution[g][h].time < st::unreachable;
    }
    bool enters(int s, int g, int h) const {
        return s == 0 ? g == 0 && takes(0, h) && p_.entry[h] < st::unreachable : leads(s - 1, g, s, h);
    }
    bool ends(int g) const { return gives(count() - 1, g) && p_.exit[g] < st::unreachable; }

    std::string whole(std::string const& name, int most) { return lp_.add_integer(name, most), name; }
    void cost(long nanoseconds, std::string const& name) {
        lp_.add_cost(nanoseconds / unit_.time, name);
        if (nanoseconds > 0) time_ += lp_.term(nanoseconds / unit_.time, name);
    }
    void find_windows() {
        std::set<long> all;
        for (int s = 0; s < count(); ++s)
            for (int k : part_of(s).options) all.insert(option(s, k).window);
        for (int g = 0; g < p_.layouts; ++g)
            for (int h = 0; h < p_.layouts; ++h) all.insert(p_.redistribution[g][h].window);
        all.erase(0);
        windows_.assign(all.begin(), all.end());
    }
    /// `name` counts what holds `window`: to the sums of all windows up to it.
    void hold(long window, std::string const& name) {
        for (std::size_t t = 0; t < windows_.size() && windows_[t] <= window; ++t) over_[t] += lp_.term(1, name);
    }
    /// All that was held at one place: at most so often.
    void end_place(int most) {
        for (std::size_t t = 0; t < over_.size(); ++t) {
            if (!over_[t].empty()) lp_.add_row(over_[t] + lp_.term(-most, named('q', static_cast<int>(t))), "<=", 0);
            over_[t].clear();
        }
    }
    void edge(st::chain_edge const& e, std::string const& name) {
        cost(e.time, name);
        hold(e.window, name);
    }
    void state_variables(int s) {
        int const n = part_of(s).count;
        for (int g = 0; g < p_.layouts; ++g)
            for (int h = 0; h < p_.layouts; ++h)
                if (enters(s, g, h))
                    edge(s == 0 ? st::chain_edge{p_.entry[h], 0} : p_.redistribution[g][h],
                         whole(named('e', s, g, h), 1));
        end_place(1);
        // What all options hold is taken off both sides: at the least budget there are few digits left to be rounded.
        long least = std::numeric_limits<long>::max();
        for (int k : part_of(s).options) least = std::min(least, option(s, k).memory);
        if (!part_of(s).options.empty()) held_at_least_ += n * least;
        for (int k : part_of(s).options) {
            std::string const x = whole(named('x', s, k), n);
            cost(option(s, k).time, x);
            hold(option(s, k).window, x);
            if (option(s, k).memory > least) memory_ += lp_.term((option(s, k).memory - least) / unit_.memory, x);
        }
        end_place(n);
        for (int g = 0; n > 1 && g < p_.layouts; ++g)
            for (int h = 0; h < p_.layouts; ++h)
                if (leads(s, g, s, h)) edge(p_.redistribution[g][h], whole(named('m', s, g, h), n - 1));
        end_place(n - 1);
    }
    std::string entering(int s, int h) const {
        std::string sum;
        for (int g = 0; g < p_.layouts; ++g)
            if (enters(s, g, h)) sum += lp_.term(1, named('e', s, g, h));
        return sum;
    }
    void state_flow(int s) {
        int const n = part_of(s).count;
        std::string one, all;
        for (int h = 0; h < p_.layouts; ++h) one += entering(s, h);
        lp_.add_row(one, "=", 1);
        for (int k : part_of(s).options) all += lp_.term(1, named('x', s, k));
        lp_.add_row(all, "=", n);
        for (int h = 0; h < p_.layouts; ++h) {
            std::string in = entering(s, h), out;
            for (int g = 0; g < p_.layouts; ++g) {
                if (n > 1 && leads(s, g, s, h)) in += lp_.term(1, named('m', s, g, h));
                if (n > 1 && leads(s, h, s, g)) out += lp_.term(-1, named('m', s, h, g));
                if (s + 1 < count() && enters(s + 1, h, g)) out += lp_.term(-1, named('e', s + 1, h, g));
            }
            if (s + 1 == count() && ends(h)) out += lp_.term(-1, named('z', h));
            for (int k : part_of(s).options) {
                if (option(s, k).in == h) in += lp_.term(-1, named('x', s, k));
                if (option(s, k).out == h) out += lp_.term(1, named('x', s, k));
            }
            if (!in.empty()) lp_.add_row(in, "=", 0);
            if (!out.empty()) lp_.add_row(out, "=", 0);
        }
        for (int h = 0; n > 1 && h < p_.layouts; ++h)
            if (takes(s, h)) connect(s, h);
    }
    /// v says that the stretch takes layout `to` somewhere. Then a unit of flow runs there from where it is entered, on
    /// the ways that are used only: a over entries, b over redistributions, c over options.
    void connect(int s, int to) {
        int const n = part_of(s).count;
        std::string const v = whole(named('v', s, to), 1);
        std::string visits = lp_.term(-n, v);
        for (int k : part_of(s).options)
            if (option(s, k).in == to) visits += lp_.term(1, named('x', s, k));
        lp_.add_row(visits, "<=", 0);
        for (int h = 0; h < p_.layouts; ++h) {
            std::string in, out;
            std::string const used = entering(s, h);
            if (!used.empty()) {
                in += lp_.term(1, named('a', s, to, h));
                lp_.add_row(used + lp_.term(-1, named('a', s, to, h)), ">=", 0);
            }
            for (int g = 0; g < p_.layouts; ++g) {
                if (leads(s, g, s, h)) in += lp_.term(1, named('b', s, to, g, h));
                if (leads(s, h, s, g)) {
                    out += lp_.term(-1, named('b', s, to, h, g));
                    lp_.add_row(lp_.term(1, named('m', s, h, g)) + lp_.term(-1, named('b', s, to, h, g)), ">=", 0);
                }
                std::string by, back;  // options from h to g, from g to h
                for (int k : part_of(s).options) {
                    if (option(s, k).in == h && option(s, k).out == g) by += lp_.term(1, named('x', s, k));
                    if (option(s, k).in == g && option(s, k).out == h) back = "any";
                }
                if (!by.empty()) {
                    in += lp_.term(-1, named('c', s, to, h, g));
                    lp_.add_row(by + lp_.term(-1, named('c', s, to, h, g)), ">=", 0);
                }
                if (!back.empty()) out += lp_.term(1, named('c', s, to, g, h));
            }
            if (h == to) in += lp_.term(-1, v);
            if (!in.empty()) lp_.add_row(in, "=", 0);
            if (!out.empty()) lp_.add_row(out, "=", 0);
        }
    }
    void state_memory() {
        std::string held;
        for (std::size_t t = 0; t < windows_.size(); ++t) {
            std::string const q = whole(named('q', static_cast<int>(t)), 1);
            held += lp_.term((windows_[t] - (t > 0 ? windows_[t - 1] : 0)) / unit_.memory, q);
            if (t > 0) lp_.add_row(lp_.term(1, named('q', static_cast<int>(t) - 1)) + lp_.term(-1, q), ">=", 0);
        }
        if (p_.budget >= st::unreachable) return;
        long const room = p_.budget - p_.fixed - held_at_least_;
        lp_.add_row(memory_ + held, "<=", room >= 0 ? room / unit_.memory : -1);
    }
    /// A way that uses everything as often as the values say (Hierholzer). Nodes: layouts taken, layouts given.
    template <class Values>
    std::vector<int> walk(int s, int entered, Values const& of) const {
        struct way {
            int from, to, option;  // -1: a redistribution
            long left;
        };
        std::vector<way> ways;
        for (int k : part_of(s).options)
            ways.push_back({option(s, k).in, p_.layouts + option(s, k).out, k, of(named('x', s, k))});
        for (int g = 0; g < p_.layouts; ++g)
            for (int h = 0; h < p_.layouts; ++h) ways.push_back({p_.layouts + g, h, -1, of(named('m', s, g, h))});
        std::vector<std::pair<int, int>> open{{entered, -1}};  // node, the option that led there
        std::vector<int> backwards;
        while (!open.empty()) {
            auto const next =
                std::ranges::find_if(ways, [&](way const& w) { return w.left > 0 && w.from == open.back().first; });
            if (next == ways.end()) {
                if (open.back().second >= 0) backwards.push_back(open.back().second);
                open.pop_back();
            } else {
                --next->left;
                open.emplace_back(next->to, next->option);
            }
        }
        return {backwards.rbegin(), backwards.rend()};
    }

    Problem const& p_;
    units unit_;
    std::vector<stretch> parts_;
    linear_program lp_;
    std::vector<long> windows_;      // distinct, ascending, without 0
    std::vector<std::string> over_;  // per window: what holds it or more, at one place
    std::string memory_, time_;
    long held_at_least_ = 0;  // KiB
};

}  // namespace integer_program
