#pragma once

// Runs a program on float64 arrays of all ranks with the checks off: what the library would refuse runs all the same,
// as far as the local shapes fit. The first thing that the library has against the program is noted on the way.

#include <map>
#include <optional>

#include "mutation/program.hpp"
#include "mutation/ranks.hpp"
#include <shardtype/rules/conversion.hpp>
#include <shardtype/rules/gradient_norm.hpp>
#include <shardtype/rules/operations.hpp>
#include <shardtype/rules/reshaping.hpp>

#include "rules/reference.hpp"

namespace mutation {

using reference::arrays;

struct named_rule {
    char const* name;
    rule is;
    reference::operation on_arrays;
};
inline named_rule const& rule_named(std::string const& name) {
    namespace r = reference;
    static named_rule const all[] = {
        {"matmul", rules::matmul::value, {r::matmul, r::matmul_gradient}},
        {"linear", rules::linear::value, {r::linear, r::linear_gradient}},
        {"embedding", rules::embedding::value, {r::embedding, r::embedding_gradient}},
        {"rms_norm", rules::rms_norm::value, {r::rms_norm, r::rms_norm_gradient}},
        {"layer_norm", rules::layer_norm::value, {r::layer_norm, r::layer_norm_gradient}},
        {"rotary", rules::rotary::value, {r::rotary, r::rotary_gradient}},
        {"attention", rules::attention::value, {r::attention, r::attention_gradient}},
        {"swiglu", rules::swiglu::value, {r::swiglu, r::swiglu_gradient}},
        {"gelu", rules::gelu::value, {r::gelu, r::gelu_gradient}},
        {"bias", rules::bias::value, {r::bias, r::bias_gradient}},
        {"positions", rules::positions::value, {r::positions, r::positions_gradient}},
        {"add", rules::add::value, {r::add, r::add_gradient}},
        {"cross_entropy", rules::cross_entropy::value, {r::cross_entropy, r::cross_entropy_gradient}},
    };
    for (named_rule const& n : all)
        if (name == n.name) return n;
    throw std::logic_error("no rule " + name);
}

/// A tensor of the run: what the types say of it, and what the ranks hold.
struct tensor_value {
    layout label{};
    locals parts;
};

/// What a step leaves: the change of a parameter, or a number that it reports.
struct result {
    layout label{};
    locals parts;
};

struct outcome {
    code refused = code::ok;  ///< the first thing that the library refuses
    std::size_t at = 0;       ///< and the statement
    bool ran = true;
    std::string why{};
    std::vector<result> results{};
    std::map<int, layout> labels{};
};

inline constexpr double learning_rate = 0.5, largest_norm = 0.25;

class interpreter {
  public:
    /// @param expected the layouts of the program that was mutated: what a refused statement is taken to give
    interpreter(program const& p, std::vector<int> const& sizes, std::map<int, layout> const* expected)
        : program_(p), mesh_(sizes), sizes_(sizes), expected_(expected), values_(static_cast<std::size_t>(p.values)) {}

    outcome run() {
        try {
            for (at_ = 0; at_ < program_.statements.size(); ++at_) execute(program_.statements[at_]);
        } catch (cannot_run const& e) {
            out_.ran = false;
            out_.why = e.what();
        }
        return std::move(out_);
    }

    /// Starts with parameter `id` moved by step times direction. On one device only.
    void shift(int id, array const& direction, double step) { shifted_ = id, direction_ = direction, step_ = step; }

  private:
    struct hop {
        int axis;
        placement from, to;
    };

    void refuse(code what) {
        if (what == code::ok || out_.refused != code::ok) return;
        out_.refused = what;
        out_.at = at_;
    }
    tensor_value& value(int id) { return values_[static_cast<std::size_t>(id)]; }
    void define(int id, layout const& label, locals parts) {
        out_.labels[id] = label;
        value(id) = {label, std::move(parts)};
    }
    layout expected(int id, layout const& otherwise) const {
        if (expected_ == nullptr || expected_->count(id) == 0) return otherwise;
        layout x = expected_->at(id);
        for (int a = 0; a < x.axes; ++a) x.axis_size[a] = mesh_.size(a);
        return x;
    }
    std::vector<layout> labels(std::vector<int> const& in) {
        std::vector<layout> out;
        for (int const v : in) out.push_back(value(v).label);
        return out;
    }

    /// The same numbers for the same value in every mutant and on every mesh.
    locals load(int id, layout const& label, int classes, double scale) {
        if (shardtype::fault_of(label).what == code::not_divisible) throw cannot_run("parts leave a rest");
        simulator::random_source source(static_cast<unsigned>(id) * 7919U + 17U);
        array whole = simulator::random_like(simulator::zeros(label.rank, label.extent), source);
        for (double& e : whole.v)
            e = classes > 0 ? static_cast<double>(source() % static_cast<unsigned>(classes)) : e * scale;
        return simulator::scatter(whole, label, source);
    }
    locals moved(locals x, hop const& h, bool gradient) {
        placement const from = gradient ? dual(h.to) : h.from, to = gradient ? dual(h.from) : h.to;
        if (from.is == to.is && (from.is != kind::shard || from.dim == to.dim)) return x;
        for (auto const& row : redistributions)
            if (row.from == from.is && row.to == to.is)
                return collect(mesh_, std::move(x), row.by, h.axis, from.dim, to.dim);
        return x;
    }
    static std::vector<hop> hops_of(conversion const& c) {
        std::vector<hop> out;
        for (int i = 0; i < c.hops; ++i) out.push_back({c.path[i].axis, c.path[i].from, c.path[i].to});
        return out;
    }

    void execute(statement const& s) {
        switch (s.is) {
            case verb::input: {
                refuse(fault_of(s.type, sizes_));
                layout const x = layout_of(s.type, sizes_);
                define(s.out, x, load(s.out, x, s.classes, 1));
                return;
            }
            case verb::parameter:
                return parameter(s);
            case verb::apply:
                return apply(s);
            case verb::reshape:
                return reshape(s);
            case verb::move:
                return move(s);
            case verb::declare: {
                layout const x = layout_of(s.type, sizes_);
                refuse(fault_of(s.type, sizes_));
                if (!(value(s.in[0]).label == x)) refuse(code::not_a_tensor);  // the types differ
                hops_[s.out] = {};
                define(s.out, x, value(s.in[0]).parts);
                return;
            }
            case verb::backward:
                return backward(s);
            case verb::parameter_gradient: {
                layout const x = dual(value(s.in[0]).label);
                auto const found = gradients_.find(s.in[0]);
                locals zero = value(s.in[0]).parts;
                for (array& a : zero)
                    for (double& e : a.v) e = 0;
                define(s.out, x, found == gradients_.end() ? zero : found->second);
                return;
            }
            case verb::reduce_gradient: {
                layout const used = value(s.in[0]).label;
                if (!(value(s.in[1]).label == dual(used))) refuse(code::gradient_type);
                locals x = value(s.in[1]).parts;
                auto const& path = hops_[s.in[0]];
                for (auto h = path.rbegin(); h != path.rend(); ++h) x = moved(x, *h, true);
                define(s.out, dual(stored_[s.in[0]].label), x);
                return;
            }
            case verb::gradient:
                return gradient(s);
            case verb::square_sum:
                return square(s);
            case verb::global_norm: {
                layout x;
                locals norm;
                for (int const v : s.in) {
                    x = value(v).label;
                    if (norm_part_of(program_, v) != norm_part::squares) refuse(code::shapes_disagree);
                    for (int a = 0; a < x.axes; ++a)
                        if (x.on[a].is == kind::partial) refuse(code::partial_operand);
                    if (norm.empty())
                        norm = value(v).parts;
                    else
                        for (std::size_t r = 0; r < norm.size(); ++r) add_to(norm[r], value(v).parts[r]);
                }
                for (array& a : norm) a.v[0] = std::sqrt(a.v[0]);
                for (int a = 0; a < x.axes; ++a) x.on[a] = on_invariant;
                define(s.out, x, norm);
                return;
            }
            case verb::clip: {
                if (norm_part_of(program_, s.in[1]) != norm_part::root) refuse(code::shapes_disagree);
                locals x = value(s.in[0]).parts;
                for (std::size_t r = 0; r < x.size(); ++r) {
                    double const norm = value(s.in[1]).parts[r].v[0];
                    for (double& e : x[r].v) e *= std::min(1.0, largest_norm / norm);
                }
                define(s.out, value(s.in[0]).label, x);
                return;
            }
            case verb::update: {
                tensor_value const& p = stored_[s.in[0]];
                if (detail::first_unstorable(p.label) >= 0) refuse(code::stored_placement);
                if (!(value(s.in[1]).label == dual(p.label))) refuse(code::gradient_not_stored);
                locals change = value(s.in[1]).parts;
                for (std::size_t r = 0; r < change.size(); ++r) {
                    array sum = p.parts[r];
                    add_to(sum, change[r]);  // the shapes must fit
                    for (double& e : change[r].v) e *= -learning_rate;
                }
                out_.results.push_back({p.label, change});
                return;
            }
            case verb::report: {
                out_.results.push_back({value(s.in[0]).label, value(s.in[0]).parts});
                return;
            }
        }
    }

    void parameter(statement const& s) {
        code const fault = fault_of(s.type, sizes_);
        refuse(fault != code::ok ? fault : fault_of(s.used, sizes_));
        layout const stored = layout_of(s.type, sizes_), used = layout_of(s.used, sizes_);
        if (detail::first_unstorable(stored) >= 0) refuse(code::stored_placement);
        stored_[s.out] = {stored, load(s.out, stored, 0, 0.6)};
        if (s.out == shifted_) {
            auto& v = stored_[s.out].parts[0].v;
            for (std::size_t n = 0; n < v.size(); ++n) v[n] += step_ * direction_.v[n];
        }
        if (!same_extents(stored, used)) refuse(code::shapes_disagree);
        layout moved_only = stored;  // the placements change, and then memory is read with the used extents
        for (int a = 0; a < stored.axes; ++a) moved_only.on[a] = used.on[a];
        conversion const path = materialization(stored, moved_only);
        refuse(path.says.what);
        locals x = stored_[s.out].parts;
        if (path.says.legal()) {
            hops_[s.out] = hops_of(path);
            for (hop const& h : hops_[s.out]) x = moved(x, h, false);
        }
        if (!same_extents(stored, used)) x = reshaped(x, used);
        define(s.out, used, x);
    }

    /// The kernel's own reductions over the axes that split the vocabulary.
    locals beside(tensor_value const& logits) const {
        locals x = logits.parts;
        for (int order = max_axes - 1; order >= 0; --order) {
            int const a = logits.label.axis_at(2, order);
            if (a >= 0) x = gather_over(mesh_, x, a, 2);
        }
        return x;
    }
    reference::context context(statement const& s, std::vector<int> const& in, std::size_t rank) {
        reference::context c;
        auto const at = simulator::coordinates_of(mesh_.shape, static_cast<int>(rank));
        if (s.rule == "embedding") c.first_row = value(in[1]).label.offset(0, at.at);
        if (s.rule == "cross_entropy") c.tokens = static_cast<double>(value(in[1]).label.count());
        return c;
    }
    std::vector<arrays> operands(statement const& s, std::vector<int> const& in) {
        std::vector<arrays> x(static_cast<std::size_t>(mesh_.ranks));
        for (std::size_t i = 0; i < in.size(); ++i) {
            locals const parts = s.rule == "cross_entropy" && i == 0 ? beside(value(in[i])) : value(in[i]).parts;
            for (std::size_t r = 0; r < x.size(); ++r) x[r][i] = parts[r];
        }
        if (s.rule == "cross_entropy")
            for (arrays const& a : x)
                for (double const id : a[1].v)
                    if (std::lround(id) >= a[0].extent[2] || id < 0) throw cannot_run("no column for a target");
        return x;
    }
    layout inferred(statement const& s, std::vector<int> const& in, int as) {
        auto const x = labels(in);
        auto const result = infer(rule_named(s.rule).is, x.data());
        refuse(result.says.what);
        if (!result.says.legal()) return expected(as, result.result);
        refuse(shardtype::fault_of(result.result).what);
        return result.result;
    }
    void apply(statement const& s) {
        layout const y = inferred(s, s.in, s.out);
        auto const x = operands(s, s.in);
        locals parts;
        for (std::size_t r = 0; r < x.size(); ++r) {
            parts.emplace_back();
            if (!rule_named(s.rule).on_arrays.value(context(s, s.in, r), reference::all_of(x[r]), parts.back()))
                throw cannot_run(s.rule + ": local shapes do not fit");
        }
        define(s.out, y, parts);
    }
    /// The gradients of an operation's operands on each rank.
    std::vector<locals> operand_gradients(statement const& s, std::vector<int> const& in, locals const& dy) {
        auto const x = operands(s, in);
        std::vector<locals> out(in.size());
        for (std::size_t r = 0; r < x.size(); ++r) {
            arrays dx;
            array y;
            auto const c = context(s, in, r);
            if (!rule_named(s.rule).on_arrays.value(c, reference::all_of(x[r]), y) ||
                !reference::same_extents(y, dy[r]))
                throw cannot_run(s.rule + " backward: local shapes do not fit");
            rule_named(s.rule).on_arrays.gradient(c, reference::all_of(x[r]), dy[r], dx);
            for (std::size_t i = 0; i < in.size(); ++i) out[i].push_back(dx[i]);
        }
        if (s.rule == "cross_entropy") {
            layout const& logits = value(in[0]).label;
            for (int order = 0; order < max_axes; ++order) {
                int const a = logits.axis_at(2, order);
                if (a >= 0) out[0] = slice_over(mesh_, out[0], a, 2);
            }
        }
        return out;
    }
    void gradient(statement const& s) {
        std::vector<int> const in(s.in.begin() + 1, s.in.end());
        layout y = inferred(s, in, -1);
        if (!(value(s.in[0]).label == dual(y))) refuse(code::gradient_type);
        auto const dx = operand_gradients(s, in, value(s.in[0]).parts);
        auto const i = static_cast<std::size_t>(s.operand);
        define(s.out, dual(value(in[i]).label), dx[i]);
    }
    void reshape(statement const& s) {
        tensor_value const& x = value(s.in[0]);
        auto const made = shardtype::reshape(x.label, static_cast<int>(s.type.extent.size()), s.type.extent.data());
        refuse(made.says.what);
        layout y = made.says.legal() ? made.result : expected(s.out, made.result);
        define(s.out, y, reshaped(x.parts, y));
    }
    static locals reshaped(locals const& x, layout const& y) {
        long extent[max_rank]{}, n = 1;
        for (int d = 0; d < y.rank; ++d) n *= extent[d] = y.local(d);
        locals out;
        for (array const& part : x) {
            if (part.count() != n) throw cannot_run("reshape: local shapes do not fit");
            out.push_back(simulator::zeros(y.rank, extent));
            out.back().v = part.v;
        }
        return out;
    }

    /// As `redistribute` says: one axis alone that is a shard of this dimension stays at its place in the list.
    layout redistributed(layout x, site const& how) {
        placement const from = x.on[how.axis];
        bool const stays = how.to.is == kind::shard && from.is == kind::shard && from.dim == how.to.dim;
        if (how.more.empty() && stays) return x;
        x = placed(x, how.axis, how.to);
        for (std::size_t i = 0; i < how.more.size(); ++i) {
            bool twice = how.more[i] == how.axis;
            for (std::size_t k = 0; k < i; ++k) twice = twice || how.more[k] == how.more[i];
            if (twice)
                refuse(code::axis_placed_twice);
            else
                x = placed(x, how.more[i], how.to);
        }
        return x;
    }
    void move(statement const& s) {
        tensor_value const& x = value(s.in[0]);
        int const a = s.how.axis;
        placement const from = x.label.on[a], to = s.how.to;
        if (s.how.by == call::redistribute) {
            layout const target = redistributed(x.label, s.how);
            auto const fault = shardtype::fault_of(target).what;
            if (fault != code::ok) {
                refuse(fault);
                throw cannot_run("no such part");
            }
            conversion const path = convert(x.label, target, differentiable(x.label.type));
            refuse(path.says.what);
            hops_[s.out] = path.says.legal() ? hops_of(path) : std::vector<hop>{};
            locals parts = x.parts;
            for (hop const& h : hops_[s.out]) parts = moved(parts, h, false);
            define(s.out, target, parts);
            return;
        }
        bool const reduces = s.how.by == call::all_reduce || s.how.by == call::reduce_scatter;
        if (from.is != (reduces ? kind::partial : kind::shard))
            refuse(reduces ? code::not_partial : code::not_sharded);
        else
            refuse(redistribute(x.label, a, to).says.what);
        bool const stays = from.is == kind::shard && to.is == kind::shard && from.dim == to.dim;
        layout const target = stays ? x.label : placed(x.label, a, to);
        if (to.is == kind::shard && to.dim >= x.label.rank) throw cannot_run("no such dimension");
        collective const by = s.how.by == call::all_reduce       ? collective::all_reduce
                              : s.how.by == call::reduce_scatter ? collective::reduce_scatter
                              : from.is != kind::shard           ? collective::none
                              : s.how.by == call::all_gather     ? collective::all_gather
                              : from.dim == to.dim               ? collective::none
                                                                 : collective::all_to_all;
        hops_[s.out] = {{a, from, target.on[a]}};
        define(s.out, target, collect(mesh_, x.parts, by, a, from.dim, to.dim));
    }

    void square(statement const& s) {
        layout const first = value(s.in[0]).label;
        for (std::size_t i = s.in.size(); i-- > 0;) {
            layout const x = value(s.in[i]).label;
            for (int a = 0; a < x.axes; ++a)
                if (x.on[a].is == kind::partial) refuse(code::partial_operand);
            if (detail::first_unstorable(x) >= 0) refuse(code::stored_placement);
            if (i > 0 && detail::differently_split(value(s.in[i - 1]).label, x) >= 0) refuse(code::norm_group);
        }
        locals sums;
        for (int r = 0; r < mesh_.ranks; ++r) {
            array sum = simulator::zeros(0, nullptr);
            for (int const v : s.in)
                for (double const e : value(v).parts[static_cast<std::size_t>(r)].v) sum.v[0] += e * e;
            sums.push_back(sum);
        }
        define(s.out, square_sum(first), sums);
    }

    void gradient_of(int id, locals const& x) {
        auto const found = gradients_.find(id);
        if (found == gradients_.end()) {
            gradients_[id] = x;
            return;
        }
        for (std::size_t r = 0; r < x.size(); ++r) add_to(found->second[r], x[r]);
    }
    void backward(statement const& s) {
        tensor_value const& loss = value(s.in[0]);
        if (loss.label.rank != 0) refuse(code::shapes_disagree);
        if (!differentiable(loss.label.type)) refuse(code::gradient_lost);
        for (int a = 0; a < loss.label.axes; ++a)
            if (loss.label.on[a].is == kind::replicate) refuse(code::loss_placement);
        locals one = loss.parts;
        for (array& a : one)
            for (double& e : a.v) e = 1;
        gradients_.clear();
        gradients_[s.in[0]] = one;
        define(s.out, dual(loss.label), one);
        for (std::size_t i = at_; i-- > 0;) {
            statement const& f = program_.statements[i];
            auto const found = gradients_.find(f.out);
            if (found == gradients_.end()) continue;
            locals dy = found->second;
            if (f.is == verb::apply) {
                auto const dx = operand_gradients(f, f.in, dy);
                for (std::size_t k = 0; k < f.in.size(); ++k)
                    if (!rule_named(f.rule).is.is_constant(static_cast<int>(k))) gradient_of(f.in[k], dx[k]);
            } else if (f.is == verb::reshape) {
                for (std::size_t r = 0; r < dy.size(); ++r) {
                    array const& x = value(f.in[0]).parts[r];
                    if (dy[r].v.size() != x.v.size()) throw cannot_run("reshape backward");
                    array y = x;
                    y.v = dy[r].v;
                    dy[r] = y;
                }
                gradient_of(f.in[0], dy);
            } else if (f.is == verb::move || f.is == verb::declare) {
                auto const& path = hops_[f.out];
                for (auto h = path.rbegin(); h != path.rend(); ++h) dy = moved(dy, *h, true);
                gradient_of(f.in[0], dy);
            }
        }
    }

    program const& program_;
    device_mesh mesh_;
    std::vector<int> sizes_;
    std::map<int, layout> const* expected_;
    std::vector<tensor_value> values_;
    std::map<int, tensor_value> stored_;    ///< parameters, by their used copies
    std::map<int, std::vector<hop>> hops_;  ///< how a value was made from another
    std::map<int, locals> gradients_;
    std::size_t at_ = 0;
    int shifted_ = -1;
    array direction_;
    double step_ = 0;
    outcome out_;
};

/// On the mesh of the program.
inline outcome run(program const& p, std::map<int, layout> const* expected = nullptr) {
    return interpreter(p, p.sizes, expected).run();
}
/// On one device: what the program means, whatever its placements say.
inline outcome run_unsharded(program const& p) {
    return interpreter(p, std::vector<int>(p.sizes.size(), 1), nullptr).run();
}

/// The largest relative difference of a run's results to those of an unsharded run.
inline double difference(program const& p, outcome const& run, outcome const& unsharded) {
    if (!run.ran || run.results.size() != unsharded.results.size()) return 1e300;
    double worst = 0;
    for (std::size_t i = 0; i < run.results.size(); ++i)
        worst = std::max(worst, distance(device_mesh(p.sizes), run.results[i].parts, run.results[i].label,
                                         unsharded.results[i].parts[0]));
    return worst;
}

}  // namespace mutation
