#pragma once

// Every single-point change of a program.

#include <map>
#include <set>

#include "mutation/text.hpp"

namespace mutation {

struct mutant {
    std::string kind;  ///< what was changed: redistribution, placement, dimension, axis, operand, optimizer, clip
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
            if (s.is == verb::reduce_gradient) without(i, 1, "optimizer");
            if (s.is == verb::square_sum || s.is == verb::global_norm) groups(i);
            operands(i);
        }
        return std::move(mutants_);
    }

  private:
    int axes() const { return static_cast<int>(original_.sizes.size()); }
    std::string kind_of(statement const& s, char const* otherwise) const {
        return s.part == "forward" ? otherwise : s.part;
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
        std::string const kind = kind_of(s, "redistribution");
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

    void types(std::size_t at) {
        statement const& s = original_.statements[at];
        one_type(at, &statement::type);
        if (s.is == verb::parameter) one_type(at, &statement::used);
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
            if (!fewer.in.empty()) with(at, kind_of(s, "clip"), "left out", fewer);
            statement more = s;
            more.in.push_back(s.in[i]);
            with(at, kind_of(s, "clip"), "counted twice", more);
            for (std::size_t k = 0; k < original_.statements.size() && s.is == verb::square_sum; ++k) {
                if (k == at || original_.statements[k].is != verb::square_sum || fewer.in.empty()) continue;
                program p = original_;
                p.statements[at] = fewer;
                p.statements[k].in.push_back(s.in[i]);
                add(at, kind_of(s, "clip"), "in another group", p);
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
        std::string const kind = kind_of(s, "operand");
        std::size_t const end = s.is == verb::gradient ? 1 : s.in.size();  // forward's values are the node's own
        for (std::size_t i = names_parameter ? 1 : 0; i < end; ++i) {
            for (std::size_t k = 0; k < at; ++k) {
                int const v = original_.statements[k].out;
                if (v < 0 || v == s.in[i] || labels_.count(v) == 0 || !alike(v, s.in[i])) continue;
                statement other = s;
                other.in[i] = v;
                with(at, kind, "another operand", other);
            }
            if (s.is == verb::apply && i + 1 < s.in.size() && alike(s.in[i], s.in[i + 1])) {
                statement swapped = s;
                std::swap(swapped.in[i], swapped.in[i + 1]);
                with(at, kind, "operands swapped", swapped);
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
