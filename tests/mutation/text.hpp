#pragma once

// The C++ text of a program, in the library's public names.

#include <map>
#include <set>

#include "mutation/program.hpp"

namespace mutation {

/// In front of all mutants.
inline char const* prelude() {
    return R"(#include <shardtype/shardtype.hpp>
#include <shardtype/rules/gradient_norm.hpp>
namespace st = shardtype;
#if defined(SHARDTYPE_TEST_ONLY_NO_CHECKS)
constexpr bool off = true;
#else
constexpr bool off = false;
#endif
// The declared type of an intermediate, `Tensor y = x;`. With the checks off it is taken at its word.
template <class Tensor, class X>
constexpr Tensor as(X) {
    static_assert(off || st::same<X, Tensor> || st::same<X, st::ill_typed>, "[declared] another type");
    return {};
}
template <int I, class Gradients>
constexpr auto nth(Gradients g) {
    if constexpr (st::same<Gradients, st::ill_typed>)
        return g;
    else
        return boost::hana::at_c<I>(g);
}
)";
}

class text {
  public:
    explicit text(program const& p) : program_(p) {}

    /// A namespace of its own. With axes of its own no two mutants share an instantiation, and each has its own errors;
    /// programs that are to compile share theirs, from `axes`, which is faster.
    std::string namespace_of(std::string const& name, std::string const& shared_axes) const {
        std::string lines;
        for (statement const& s : program_.statements) lines += line(s) + "\n";
        return wrapped(name, shared_axes, lines);
    }
    /// Only statement number `last` of a mutant and what it needs, with axes of its own: if the compiler refuses that,
    /// it refuses the whole. Values that are those of the original stand there by their types, which `declared` holds
    /// against the compiler.
    std::string refused_part(std::string const& name, program const& original, std::map<int, layout> const& labels,
                             std::size_t last) const {
        text const before(original);
        std::set<std::string> known;
        for (statement const& s : original.statements) known.insert(before.line(s));
        std::size_t const n = last + 1;
        std::vector<bool> changed(n), wanted(n);
        std::vector<int> by(static_cast<std::size_t>(program_.values), -1);  // the statement that defines a value
        std::set<int> changed_values;
        for (std::size_t i = 0; i < n; ++i) {
            statement const& s = program_.statements[i];
            changed[i] = i == last || known.count(line(s)) == 0;
            for (int const v : s.in) changed[i] = changed[i] || changed_values.count(v) > 0;
            if (s.out >= 0) by[static_cast<std::size_t>(s.out)] = static_cast<int>(i);
            if (changed[i] && s.out >= 0) changed_values.insert(s.out);
        }
        std::set<int> given;
        wanted[last] = true;
        for (std::size_t i = n; i-- > 0;) {
            if (!wanted[i]) continue;
            for (int const v : program_.statements[i].in) {
                auto const at = static_cast<std::size_t>(by[static_cast<std::size_t>(v)]);
                if (changed[at])
                    wanted[at] = true;
                else
                    given.insert(v);
            }
        }
        std::string lines;
        for (int const v : given) {
            statement const& s = program_.statements[static_cast<std::size_t>(by[static_cast<std::size_t>(v)])];
            if (s.is == verb::parameter) lines += parameter(s);
            lines += "constexpr " + before.type_of(v, labels.at(v)) + " " + name_of(v) + "{};\n";
        }
        for (std::size_t i = 0; i < n; ++i)
            if (wanted[i]) lines += line(program_.statements[i]) + "\n";
        return wrapped(name, "", lines);
    }
    /// The whole program, and each value's type held against its label.
    std::string declared(std::string const& name, std::map<int, layout> const& labels) const {
        std::string lines;
        for (statement const& s : program_.statements) {
            lines += line(s) + "\n";
            if (s.out >= 0)
                lines += "static_assert(st::same<decltype(" + name_of(s.out) + "), " +
                         type_of(s.out, labels.at(s.out)) + " const>);\n";
        }
        return wrapped(name, "", lines);
    }
    std::string axes() const {
        std::string out;
        for (std::size_t a = 0; a < program_.sizes.size(); ++a)
            out += "struct " + program_.axis_names[a] + " final : st::axis<" + std::to_string(program_.sizes[a]) +
                   "> {};\n";
        out += "using grid = st::mesh<";
        for (std::size_t a = 0; a < program_.sizes.size(); ++a) out += (a > 0 ? ", " : "") + program_.axis_names[a];
        return out + ">;\n";
    }

    std::string line(statement const& s) const {
        switch (s.is) {
            case verb::input:
                return "constexpr " + type(s.type) + " " + v(s.out) + "{};";
            case verb::parameter:
                return parameter(s) + "constexpr auto " + v(s.out) + " = st::materialize(" + p(s.out) + "{});";
            case verb::apply:
                return is(s, "st::op::" + s.rule + arguments(s.in));
            case verb::reshape:
                return is(s, "st::reshape<" + shape(s.type.extent) + ">" + arguments(s.in));
            case verb::move:
                return is(s, "st::" + call_of(s.how) + arguments(s.in));
            case verb::declare:
                return is(s, "as<" + type(s.type) + ">" + arguments(s.in));
            case verb::backward:
                return is(s, "st::backward_from" + arguments(s.in));
            case verb::parameter_gradient:
                return "constexpr st::gradient_t<typename " + p(s.in[0]) + "::used> " + v(s.out) + "{};";
            case verb::reduce_gradient:
                return is(s, "st::reduce_gradient(" + p(s.in[0]) + "{}, " + v(s.in[1]) + ")");
            case verb::gradient:
                return is(s, "nth<" + std::to_string(s.operand) + ">(st::gradients(st::op::" + s.rule + ", " +
                                 arguments(s.in).substr(1) + ")");
            case verb::square_sum:
                return is(s, "st::square_sum" + arguments(s.in));
            case verb::global_norm:
                return is(s, "st::global_norm" + arguments(s.in));
            case verb::clip:
                return is(s, "st::clip" + arguments(s.in));
            case verb::update:
                return "constexpr auto u" + std::to_string(s.in[0]) + " = st::update(typename " + p(s.in[0]) +
                       "::stored{}, " + v(s.in[1]) + ");";
            case verb::report:
                return "static_assert(sizeof " + v(s.in[0]) + " != 0);";
        }
        return {};
    }

    /// The type of a value; sums of squares and their root have elements of their own.
    std::string type_of(int value, layout const& x) const {
        norm_part const part = norm_part_of(program_, value);
        return type(written_of(x), part == norm_part::squares ? "st::squared_norm"
                                   : part == norm_part::root  ? "st::gradient_norm"
                                                              : nullptr);
    }
    std::string type(written const& w, char const* element = nullptr) const {
        std::string out = std::string("st::tensor<") +
                          (element != nullptr     ? element
                           : w.type == dtype::i32 ? "int"
                           : w.type == dtype::f64 ? "double"
                                                  : "float") +
                          ", " + shape(w.extent) + ", grid";
        for (group const& g : w.groups) {
            out += g.is == kind::shard       ? ", st::shard<" + std::to_string(g.dim)
                   : g.is == kind::replicate ? ", st::replicate<"
                                             : ", st::partial<";
            for (std::size_t i = 0; i < g.axes.size(); ++i)
                out += (i > 0 || g.is == kind::shard ? ", " : "") + axis(g.axes[i]);
            out += ">";
        }
        return out + ">";
    }
    std::string call_of(site const& s) const {
        std::string const a = axis(s.axis), dim = std::to_string(s.to.dim);
        std::string const target = s.to.is == kind::invariant ? "st::to_invariant" : "st::to_replicate";
        std::string const name = mutation::name_of(s.by);
        switch (s.by) {
            case call::all_reduce:
            case call::all_gather:
                return name + "<" + a + ", " + target + ">";
            case call::reduce_scatter:
            case call::all_to_all:
                return name + "<" + a + ", " + dim + ">";
            default:
                break;
        }
        std::string list = a;
        for (int const one : s.more) list += ", " + axis(one);
        std::string const to = s.to.is == kind::shard       ? "shard<" + dim + ", "
                               : s.to.is == kind::replicate ? "replicate<"
                               : s.to.is == kind::partial   ? "partial<"
                                                            : "invariant<";
        return "redistribute<st::" + to + list + ">>";
    }

  private:
    std::string wrapped(std::string const& name, std::string const& shared_axes, std::string const& lines) const {
        return "namespace " + name + " {\n" +
               (shared_axes.empty() ? axes() : "using namespace " + shared_axes + ";\n") + "#line 1 \"" + name +
               "\"\n" + lines + "}  // namespace " + name + "\n";
    }
    std::string parameter(statement const& s) const {
        return "using " + p(s.out) + " = st::parameter<" + type(s.type) + ", " + type(s.used) + ">; ";
    }
    static std::string name_of(int id) { return v(id); }
    static std::string v(int id) { return "v" + std::to_string(id); }
    static std::string p(int id) { return "p" + std::to_string(id); }
    std::string axis(int a) const { return program_.axis_names[static_cast<std::size_t>(a)]; }
    static std::string shape(std::vector<long> const& extent) {
        std::string out = "st::shape<";
        for (std::size_t i = 0; i < extent.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(extent[i]);
        return out + ">";
    }
    static std::string arguments(std::vector<int> const& in) {
        std::string out = "(";
        for (std::size_t i = 0; i < in.size(); ++i) out += (i > 0 ? ", " : "") + v(in[i]);
        return out + ")";
    }
    std::string is(statement const& s, std::string const& what) const {
        return "constexpr auto " + v(s.out) + " = " + what + ";";
    }

    program const& program_;
};

}  // namespace mutation
