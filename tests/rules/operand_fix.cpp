// What an error proposes is right: for every operation and every illegal placement of its operands on one axis and on two,
// the changes make the failing axis legal, and no weight loses its shard where something else would do.

#include <doctest/doctest.h>

#include <cstdio>
#include <vector>

#include <shardtype/rules/operand_fix.hpp>
#include <shardtype/rules/operations.hpp>

namespace {

using namespace shardtype;

struct subject {
    char const* name;
    rule is;
    std::vector<std::vector<long>> extents;
};

std::vector<subject> const subjects{
    {"matmul", rules::matmul::value, {{12, 24}, {24, 12}}},
    {"linear", rules::linear::value, {{12, 6, 12}, {24, 12}}},
    {"embedding", rules::embedding::value, {{12, 6}, {24, 12}}},
    {"rms_norm", rules::rms_norm::value, {{6, 6, 12}, {12}}},
    {"layer_norm", rules::layer_norm::value, {{6, 6, 12}, {12}, {12}}},
    {"attention", rules::attention::value, {{6, 6, 12, 6}, {6, 6, 6, 6}, {6, 6, 6, 6}}},
    {"swiglu", rules::swiglu::value, {{6, 6, 12}, {6, 6, 12}}},
    {"gelu", rules::gelu::value, {{6, 6, 12}}},
    {"bias", rules::bias::value, {{6, 6, 12}, {12}}},
    {"positions", rules::positions::value, {{6, 6, 12}, {6, 12}}},
    {"add", rules::add::value, {{6, 6, 12}, {6, 6, 12}}},
    {"cross_entropy", rules::cross_entropy::value, {{6, 6, 12}, {6, 6}}},
};

layout base(std::vector<long> const& extents, bool ids, std::vector<int> const& axes) {
    layout x;
    x.type = ids ? dtype::i32 : dtype::f32;
    x.rank = static_cast<int>(extents.size());
    for (int d = 0; d < x.rank; ++d) x.extent[d] = extents[static_cast<std::size_t>(d)];
    x.axes = static_cast<int>(axes.size());
    for (int a = 0; a < x.axes; ++a) x.axis_size[a] = axes[static_cast<std::size_t>(a)];
    return x;
}

/// All placements of x, the axes placed in both orders.
std::vector<layout> all(layout const& x) {
    std::vector<layout> found;
    auto const choices = static_cast<std::size_t>(3 + x.rank);
    auto const of = [](std::size_t c) {
        return c == 0 ? on_invariant : c == 1 ? on_replicate : c == 2 ? on_partial : on_shard(static_cast<int>(c) - 3);
    };
    for (std::size_t i = 0; i < choices; ++i) {
        if (x.axes == 1) {
            found.push_back(placed(x, 0, of(i)));
            continue;
        }
        for (std::size_t j = 0; j < choices; ++j) {
            found.push_back(placed(placed(x, 0, of(i)), 1, of(j)));
            if (i == j && i > 2) found.push_back(placed(placed(x, 1, of(j)), 0, of(i)));
        }
    }
    return found;
}

/// The operands after the fix.
std::vector<layout> applied(std::vector<layout> x, operand_fix const& f) {
    for (int c = 0; c < f.changes; ++c)
        for (int i = 0; i < f.of[c].axes; ++i) {
            layout& operand = x[static_cast<std::size_t>(f.of[c].operand)];
            operand = placed(operand, f.of[c].axis[i], f.of[c].to);
        }
    return x;
}

bool breaks_weight(rule const& r, std::vector<layout> const& x, operand_fix const& f, int axis) {
    for (int c = 0; c < f.changes; ++c) {
        auto const& operand = x[static_cast<std::size_t>(f.of[c].operand)];
        if (r.is_weight(f.of[c].operand) && operand.on[axis].is == kind::shard) return true;
    }
    return false;
}

/// Is there any placement of the other operands on this axis that goes with the weight as it is?
bool weight_can_stay(rule const& r, std::vector<layout> const& x, int axis) {
    for (layout const& other : all(base({6, 6, 12}, false, {2}))) {
        if (other.on[0].is == kind::partial) continue;
        placement p[max_operands]{};
        for (int i = 0; i < r.operands; ++i)
            p[i] = r.is_weight(i) ? x[static_cast<std::size_t>(i)].on[axis] : other.on[0];
        if (p[0].is == kind::shard && p[0].dim >= x[0].rank) continue;
        if (detail::infer_axis(r, p).what == code::ok && redistribute(x[0], axis, p[0]).says.legal()) return true;
    }
    return false;
}

void examine(std::vector<int> const& axes, int stride) {
    for (auto const& s : subjects) {
        int illegal = 0, mended = 0, two = 0, without = 0, reordered = 0, number = 0;
        std::vector<std::vector<layout>> choices;
        for (int i = 0; i < s.is.operands; ++i)
            choices.push_back(all(base(s.extents[static_cast<std::size_t>(i)], ((s.is.ids >> i) & 1U) != 0, axes)));
        std::vector<std::size_t> at(choices.size(), 0);
        for (bool more = true; more;) {
            std::vector<layout> x;
            for (std::size_t i = 0; i < at.size(); ++i) x.push_back(choices[i][at[i]]);
            auto const says = infer(s.is, x.data()).says;
            if (says.wrong() && ++number % stride == 0) {
                ++illegal;
                operand_fix const f = suggest_fix(s.is, x.data(), says);
                if (f.changes == 0) {
                    ++without;
                } else {
                    ++(f.changes == 1 ? mended : two);
                    auto const now = infer(s.is, applied(x, f).data()).says;
                    // Three operands may still list their axes in different order: the next error says how to go on.
                    bool const order = s.is.operands == 3 && now.what == code::factor_order;
                    reordered += order ? 1 : 0;
                    CHECK_MESSAGE((!now.wrong() || now.axis > says.axis || order),
                                  s.name << ": the fix on axis " << says.axis << " leaves number "
                                         << static_cast<int>(now.what) << " on axis " << now.axis);
                    if (axes.size() == 1 && s.is.weight != 0 && breaks_weight(s.is, x, f, says.axis))
                        CHECK_MESSAGE(!weight_can_stay(s.is, x, says.axis),
                                      s.name << ": a weight is broken without need");
                }
            }
            std::size_t i = 0;
            while (i < at.size() && ++at[i] == choices[i].size()) at[i++] = 0;
            more = i < at.size();
        }
        std::printf("%-14s %zu axes: illegal %5d, mended by one change %5d, by more %5d, no way %4d\n", s.name,
                    axes.size(), illegal, mended, two, without);
        CHECK(mended > 0);
        CHECK(without == 0);
        CHECK(100 * reordered <= illegal);
    }
}

}  // namespace

TEST_CASE("one axis") { examine({2}, 1); }
TEST_CASE("two axes, every 7th") { examine({2, 3}, 7); }
