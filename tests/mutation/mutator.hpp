#pragma once

// Every single-point change of a program.

#include <map>
#include <set>

#include "mutation/text.hpp"

namespace mutation {

struct mutant {
    std::string kind;  ///< what was changed
    std::string what;  ///< in words, for the log
    program changed;
};

class mutator {
  public:
    /// @param labels the layouts of the values of p
    /// @param parts the parts of the program to change; all if empty
    mutator(program const& p, std::map<int, layout> labels, std::set<std::string> parts = {})
        : original_(p), labels_(std::move(labels)), parts_(std::move(parts)), text_(original_) {}

    std::vector<mutant> all() {
        for (std::size_t i = 0; i < original_.statements.size(); ++i) {
            statement const& s = original_.statements[i];
            if (!parts_.empty() && parts_.count(s.part) == 0) continue;
            if (s.is == verb::move) redistribution(i);
            if (s.is == verb::input || s.is == verb::parameter || s.is == verb::declare) types(i);
            if (s.is == verb::reduce_gradient) without(i, 1, reduction(s));
            if (s.is == verb::square_sum || s.is == verb::global_norm) groups(i);
            if (s.is == verb::clip) norms(i);
            if (s.is == verb::backward) seeds(i);
            operands(i);
        }
        return std::move(mutants_);
    }

  private:
    int axes() const { return static_cast<int>(original_.sizes.size()); }
    static std::string reduction(statement const& s) {
        return s.part == "forward"    ? "redistribution"
               : s.part == "backward" ? "redistribution of backward"
               : s.part == "loss"     ? "reduction of the loss"
               : s.part == "clip"     ? "reduction of the norm"
                                      : "reduction of a gradient";
    }
    std::string exchanged(statement const& s, std::size_t i, int by) const {
        if (s.is == verb::update) {
            statement const& clipped = *original_.definition(s.in[1]);
            return clipped.is == verb::clip && clipped.in[0] == by ? "clip left out" : "operand of update";
        }
        return s.is == verb::clip && i == 1 ? "operand: the norm"
               : s.part == "forward"        ? "operand"
               : s.part == "backward"       ? "operand of backward"
               : s.part == "loss"           ? "operand: the loss"
               : s.part == "clip"           ? "members of the norm"
                                            : "operand: a gradient";
    }
    void add(std::size_t at, std::string const& kind, std::string const& how, program changed) {
        std::string all;
        for (statement const& s : changed.statements) all += text_.line(s) + "\n";
        if (seen_.empty()) {
            std::string same;
            for (statement const& s : original_.statements) same += text_.line(s) + "\n";
            seen_.insert(same);
        }
        if (!seen_.insert(all).second) return;
        mutants_.push_back({kind, how + " at: " + text_.line(original_.statements[at]), std::move(changed)});
    }
    void with(std::size_t at, std::string const& kind, std::string const& how, statement const& s) {
        program p = original_;
        p.statements[at] = s;
        add(at, kind, how + ", now: " + text_.line(s), p);
    }
    /// Leaves statement `at` out; what used its value uses its operand number i.
    void without(std::size_t at, std::size_t i, std::string const& kind) {
        program p = original_;
        int const from = p.statements[at].out, to = p.statements[at].in[i];
        p.statements.erase(p.statements.begin() + static_cast<long>(at));
        for (statement& s : p.statements)
            for (int& v : s.in)
                if (v == from) v = to;
        add(at, kind, "deleted", p);
    }
    void twice(std::size_t at, std::string const& kind) {
        program p = original_;
        statement again = p.statements[at];
        int const from = again.out;
        again.in[0] = from;
        again.out = p.values++;
        p.statements.insert(p.statements.begin() + static_cast<long>(at) + 1, again);
        for (std::size_t i = at + 2; i < p.statements.size(); ++i)
            for (int& v : p.statements[i].in)
                if (v == from) v = again.out;
        add(at, kind, "done twice", p);
    }

    void redistribution(std::size_t at) {
        statement const& s = original_.statements[at];
        std::string const kind = reduction(s);
        lists(at);
        without(at, 0, kind);
        twice(at, kind);
        int const rank = labels_.at(s.in[0]).rank;
        for (int axis = 0; axis < axes(); ++axis) {
            if (axis != s.how.axis) {
                statement other = s;
                other.how.axis = axis;
                with(at, kind, "another axis", other);
                continue;
            }
            auto const target = [&](call by, placement to) {
                statement other = s;
                other.how = {by, axis, to};
                with(at, kind, "another target", other);
            };
            for (placement const& to : {on_invariant, on_replicate}) {
                target(call::all_reduce, to);
                target(call::all_gather, to);
            }
            for (placement const& to : {on_invariant, on_replicate, on_partial}) target(call::redistribute, to);
            for (int d = 0; d < rank; ++d) {
                target(call::reduce_scatter, on_shard(d));
                target(call::all_to_all, on_shard(d));
                target(call::redistribute, on_shard(d));
            }
        }
    }

    /// A redistribution to a shard: other lists of axes.
    void lists(std::size_t at) {
        statement const& s = original_.statements[at];
        if (s.how.by != call::redistribute || s.how.to.is != kind::shard) return;
        for (int major = 0; major < axes(); ++major)
            for (int minor = 0; minor < axes(); ++minor) {
                statement other = s;
                other.how.axis = major;
                other.how.more = {minor};
                with(at, "order of a list", "another list", other);
            }
    }
    /// What clip takes for the norm: squares without a root are among the operands; a gradient, a loss, a norm of less.
    void norms(std::size_t at) {
        statement const& s = original_.statements[at];
        bool scalar = false, other_shape = false;  // a loss, and a gradient of another shape: one each
        for (auto const& [v, x] : labels_) {
            statement const& by = *original_.definition(v);
            bool const gradient = by.is == verb::parameter_gradient || by.part == "optimizer" || by.part == "backward";
            bool& there = x.rank == 0 ? scalar : other_shape;
            if (!defined_before(v, at) || x.type != dtype::f32 || there) continue;
            if (x.rank != 0 && (!gradient || alike(v, s.in[0]))) continue;
            there = true;
            statement other = s;
            other.in[1] = v;
            with(at, "operand: the norm", "not a norm", other);
        }
        program p = original_;
        std::vector<statement> fewer;  // the norm of its first gradient, by the same reductions
        int v = s.in[1], last = -1;
        for (statement const* d = p.definition(v); d != nullptr; d = p.definition(v)) {
            fewer.insert(fewer.begin(), *d);
            if (d->is == verb::square_sum) break;
            v = d->in[0];
        }
        for (statement& f : fewer) {
            f.in = {last < 0 ? f.in[0] : last};
            last = f.out = p.values++;
        }
        p.statements.insert(p.statements.begin() + static_cast<long>(at), fewer.begin(), fewer.end());
        p.statements[at + fewer.size()].in[1] = last;
        add(at, "members of the norm", "another norm", p);
    }
    /// What backward starts from: not a scalar, and what has no gradient.
    void seeds(std::size_t at) {
        statement const& s = original_.statements[at];
        std::set<std::pair<int, int>> shapes;
        for (auto const& [v, x] : labels_) {
            bool const fresh = defined_before(v, at) && (x.rank != 0 || x.type != dtype::f32);
            if (!fresh || !shapes.insert({x.rank, static_cast<int>(x.type)}).second) continue;
            statement other = s;
            other.in[0] = v;
            with(at, "operand: the loss", "not a loss", other);
        }
    }
    bool defined_before(int v, std::size_t at) const {
        for (std::size_t k = 0; k < at; ++k)
            if (original_.statements[k].out == v) return true;
        return false;
    }

    void types(std::size_t at) {
        statement const& s = original_.statements[at];
        one_type(at, &statement::type);
        if (s.is == verb::parameter) one_type(at, &statement::used);
        if (s.is == verb::parameter) extents(at, &statement::used);
        if (s.is == verb::declare) extents(at, &statement::type);
    }
    /// Each extent doubled, halved, left out; two swapped, two made one; one more of 1.
    void extents(std::size_t at, written statement::*which) {
        statement const& s = original_.statements[at];
        std::vector<long> const now = (s.*which).extent;
        auto const put = [&](char const* how, std::vector<long> other) {
            statement changed = s;
            (changed.*which).extent = std::move(other);
            with(at, "extents", how, changed);
        };
        for (std::size_t d = 0; d < now.size(); ++d) {
            std::vector<long> other = now;
            other[d] = 2 * now[d];
            put("doubled", other);
            other[d] = now[d] / 2;
            if (now[d] % 2 == 0) put("halved", other);
            other = now;
            other.erase(other.begin() + static_cast<long>(d));
            put("a dimension left out", other);
            if (d + 1 == now.size()) continue;
            other[d] = now[d] * now[d + 1];
            put("two dimensions made one", other);
            other = now;
            std::swap(other[d], other[d + 1]);
            put("swapped", other);
        }
        std::vector<long> other = now;
        other.push_back(1);
        if (other.size() <= static_cast<std::size_t>(max_rank)) put("a dimension more", other);
    }
    void one_type(std::size_t at, written statement::*which) {
        statement const& s = original_.statements[at];
        written const& w = s.*which;
        auto const put = [&](char const* kind, written const& other) {
            statement changed = s;
            changed.*which = other;
            with(at, kind, std::string("another ") + kind, changed);
        };
        // The placement on an axis, canonically spelled; a shard both as the minor and as the major axis.
        layout const x = layout_of(w, original_.sizes);
        for (int a = 0; a < axes(); ++a) {
            std::vector<placement> targets{on_invariant, on_replicate, on_partial};
            for (int d = 0; d < x.rank; ++d) targets.push_back(on_shard(d));
            for (placement const& to : targets) {
                written const other = written_of(placed(x, a, to));
                put("placement", other);
                for (std::size_t g = 0; g < other.groups.size(); ++g)
                    if (other.groups[g].axes.size() == 2) {
                        written swapped = other;
                        std::swap(swapped.groups[g].axes[0], swapped.groups[g].axes[1]);
                        put("axis", swapped);
                    }
            }
        }
        // Each token by itself, whatever comes of the spelling.
        for (std::size_t g = 0; g < w.groups.size(); ++g) {
            for (kind const k : {kind::shard, kind::replicate, kind::partial}) {
                written other = w;
                if (other.groups[g].is == k) continue;
                other.groups[g].is = k;
                for (int d = 0; d < (k == kind::shard ? x.rank : 1); ++d) {
                    other.groups[g].dim = d;
                    put("placement", other);
                }
            }
            for (int d = 0; d <= x.rank && w.groups[g].is == kind::shard; ++d) {
                written other = w;
                other.groups[g].dim = d;
                put("dimension", other);
            }
            for (std::size_t i = 0; i < w.groups[g].axes.size(); ++i)
                for (int a = 0; a < axes(); ++a) {
                    written other = w;
                    other.groups[g].axes[i] = a;
                    put("axis", other);
                }
        }
    }

    /// Members of a norm's groups left out, and put into another group.
    void groups(std::size_t at) {
        statement const& s = original_.statements[at];
        for (std::size_t i = 0; i < s.in.size(); ++i) {
            statement fewer = s;
            fewer.in.erase(fewer.in.begin() + static_cast<long>(i));
            if (!fewer.in.empty()) with(at, "members of the norm", "left out", fewer);
            statement more = s;
            more.in.push_back(s.in[i]);
            with(at, "members of the norm", "counted twice", more);
            for (std::size_t k = 0; k < original_.statements.size() && s.is == verb::square_sum; ++k) {
                if (k == at || original_.statements[k].is != verb::square_sum || fewer.in.empty()) continue;
                program p = original_;
                p.statements[at] = fewer;
                p.statements[k].in.push_back(s.in[i]);
                add(at, "members of the norm", "in another group", p);
            }
        }
    }

    bool alike(int v, int u) const {
        layout const &x = labels_.at(v), &y = labels_.at(u);
        if (x.rank != y.rank || x.type != y.type) return false;
        for (int d = 0; d < x.rank; ++d)
            if (x.extent[d] != y.extent[d]) return false;
        return true;
    }
    void operands(std::size_t at) {
        statement const& s = original_.statements[at];
        if (s.is == verb::parameter_gradient || s.is == verb::report) return;
        if (s.part == "optimizer" && !parts_.empty()) return;  // the library's state lies as its gradients do
        bool const names_parameter = s.is == verb::reduce_gradient || s.is == verb::update;
        std::size_t const end = s.is == verb::gradient ? 1 : s.in.size();  // forward's values are the node's own
        for (std::size_t i = names_parameter ? 1 : 0; i < end; ++i) {
            for (std::size_t k = 0; k < at; ++k) {
                int const v = original_.statements[k].out;
                if (v < 0 || v == s.in[i] || labels_.count(v) == 0 || !alike(v, s.in[i])) continue;
                statement other = s;
                other.in[i] = v;
                with(at, exchanged(s, i, v), "another operand", other);
            }
            if (s.is == verb::apply && i + 1 < s.in.size() && alike(s.in[i], s.in[i + 1])) {
                statement swapped = s;
                std::swap(swapped.in[i], swapped.in[i + 1]);
                with(at, exchanged(s, i, -1), "operands swapped", swapped);
            }
        }
    }

    program original_;
    std::map<int, layout> labels_;
    std::set<std::string> parts_;
    text text_;
    std::set<std::string> seen_;
    std::vector<mutant> mutants_;
};

}  // namespace mutation
