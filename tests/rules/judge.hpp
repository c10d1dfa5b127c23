#pragma once

// A rule's verdicts held against the facts. Any rule: a changed one must be found out.

#include <shardtype/rules/infer.hpp>

#include "numbers.hpp"

namespace oracle {

/// How a rule's verdicts compare with the numbers.
struct tally {
    long legal = 0, wrong = 0, refused = 0, failures = 0;
    std::map<std::string, long> reasons;  ///< of the refused
    std::string first{};                  ///< failure

    void fail(std::string const& what) {
        if (failures++ == 0) first = what;
    }
    tally& operator+=(tally const& b) {
        legal += b.legal, wrong += b.wrong, refused += b.refused, failures += b.failures;
        for (auto const& [reason, n] : b.reasons) reasons[reason] += n;
        if (first.empty()) first = b.first;
        return *this;
    }
};

inline std::string text(layouts const& in) {
    std::string out;
    for (layout const& x : in) out += (out.empty() ? "" : ", ") + simulator::text(x);
    return out;
}

/// The operands as the rule takes them: the experiment's, with ids as integers.
inline layouts typed(subject const& s, layouts in) {
    if (s.ids >= 0) in[static_cast<std::size_t>(s.ids)].type = dtype::i32;
    in.resize(max_operands);  // a changed rule may have more
    return in;
}

/// The reason for which the subject's kernel cannot compute this on some axis, or "". Invariant and replicate are the
/// same where there is no gradient.
inline std::string lack_of_kernel(subject const& s, layouts const& in, unsigned constants) {
    for (int a = 0; a < in[0].axes; ++a) {
        std::string name;
        for (std::size_t i = 0; i < in.size(); ++i) {
            placement p = in[i].on[a];
            if (p.is == kind::invariant && ((constants >> i) & 1U) != 0) p = on_replicate;
            p.order = 0;
            name += (name.empty() ? "" : " ") + simulator::text(p);
        }
        if (s.refused.count(name) > 0) return name;
    }
    return "";
}

/// Holds `r` to one fact: legal means that its result is among the right ones; wrong that there is none; refused that
/// there is, and that the kernel is lacking.
inline void judge(tally& out, subject const& s, rule const& r, unsigned constants, fact const& f) {
    unsigned const all = (1U << f.in.size()) - 1, without_gradient = constants | s.is.constant;
    auto const v = infer(r, typed(s, f.in).data(), constants);
    bool any = false, its_own = false;
    for (auto const& one : f.right) {
        if ((one.gradients | without_gradient) != all) continue;
        any = true;
        its_own = its_own || one.y == v.result;
    }
    auto const name = [&](char const* what) {
        return std::string(s.name) + " " + text(f.in) + " gives " + simulator::text(v.result) + ": " + what;
    };
    if (v.says.legal()) {
        ++out.legal;
        if (!its_own) out.fail(name("legal and wrong"));
    } else if (v.says.refused()) {
        ++out.refused;
        if (!its_own) out.fail(name("refused and not right"));
    } else {
        ++out.wrong;
        if (any) out.fail(name("wrong and right"));
    }
    if (!any) return;
    auto const reason = lack_of_kernel(s, f.in, without_gradient);
    if (v.says.refused()) ++out.reasons[reason];
    if (v.says.refused() == reason.empty()) out.fail(name("refused or not, against the list"));
}

/// All facts; `constants`: operands without gradient beside the operation's own.
inline tally examine(std::vector<fact> const& facts, subject const& s, rule const& r, unsigned constants = 0) {
    tally out;
    for (fact const& f : facts) judge(out, s, r, constants, f);
    return out;
}

/// Operands of some extents: whether the operation takes them, and the result.
struct shape_fact {
    layouts in;
    layout y;
    bool right;
};

/// Every dimension of every operand small or large.
inline std::vector<shape_fact> all_shape_facts(subject const& s, random_source& source) {
    std::vector<shape_fact> out;
    subject changed = s;
    changed.classes = 2;
    std::size_t dims = 0;
    for (auto& operand : changed.extents) dims += operand.size();
    for (unsigned which = 0; which < 1U << dims; ++which) {
        unsigned bit = 0;
        for (std::size_t i = 0; i < changed.extents.size(); ++i)
            for (std::size_t d = 0; d < changed.extents[i].size(); ++d) {
                long const base = i == 0 && s.is.in[0][d] == s.is.grouped ? 4 : 2;
                changed.extents[i][d] = ((which >> bit++) & 1U) != 0 ? 3 * base : base;
            }
        experiment const e(changed, source);
        bool right = e.fits;
        for (auto const& [i, d, j, c] : s.equal) right = right && changed.extents[i][d] == changed.extents[j][c];
        layouts in;
        for (int i = 0; i < e.operands(); ++i) in.push_back(layout_of(e.operand(i), {2}));
        out.push_back({in, layout_of(e.y, {2}), right});
    }
    return out;
}

/// The rule must take the shapes and element types that the operation takes, and no others.
inline tally examine_shapes(std::vector<shape_fact> const& facts, subject const& s, rule const& r) {
    tally out;
    for (shape_fact const& f : facts) {
        auto const verdict = infer(r, typed(s, f.in).data());
        ++(verdict.says.legal() ? out.legal : out.wrong);
        if (verdict.says.legal() != f.right) out.fail(std::string(s.name) + ": extents that do not fit, or do");
        if (f.right && !(verdict.result == f.y)) out.fail(std::string(s.name) + ": another result");
        if (&f != facts.data()) continue;
        for (std::size_t i = 0; i < f.in.size(); ++i) {
            auto other = typed(s, f.in);
            other[i].type = other[i].type == dtype::i32 ? dtype::f64 : dtype::i32;
            if (infer(r, other.data()).says.legal()) out.fail(std::string(s.name) + ": another element type");
        }
    }
    return out;
}

}  // namespace oracle
