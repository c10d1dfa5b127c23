// Every row of the tables in docs/typing.md, one mesh axis each.

#include <shardtype/rules/operand_fix.hpp>
#include <shardtype/rules/parameter.hpp>

namespace {

namespace st = shardtype;
using st::code, st::kind, st::placement;

constexpr placement i = st::on_invariant, r = st::on_replicate, p = st::on_partial;
constexpr placement s(int dim) { return st::on_shard(dim); }

/// An operation on one axis: its operands' placements give `result`.
template <class Rule, class... P>
constexpr bool gives(placement result, P... operands) {
    placement const x[] = {operands...};
    auto const out = st::detail::infer_axis(Rule::value, x);
    return out.what == code::ok && out.result == result;
}
template <class Rule, class... P>
constexpr code refuses(P... operands) {
    placement const x[] = {operands...};
    return st::detail::infer_axis(Rule::value, x).what;
}

// y[b, s, n] = x[b, s, k] w[n, k]^T. The gradients' placements are the operands' duals.
using linear = st::rules::linear;
static_assert(gives<linear>(s(0), s(0), r));  // batch: dx S, dw P
static_assert(gives<linear>(s(1), s(1), r));  // sequence
static_assert(gives<linear>(s(2), r, s(0)));  // columns: dx P, dw S
static_assert(gives<linear>(p, s(2), s(1)));  // contracted: dx S, dw S
static_assert(gives<linear>(p, p, r));        // linear in x: dx R, dw P
static_assert(gives<linear>(p, r, p));        // linear in w: dx P, dw R
static_assert(gives<linear>(r, r, r));        // dx P, dw P
static_assert(gives<linear>(i, i, i));        // dx I, dw I
static_assert(refuses<linear>(p, p) == code::partial_twice && refuses<linear>(p, s(0)) == code::partial_twice);
static_assert(refuses<linear>(s(0), p) == code::partial_twice);
static_assert(refuses<linear>(s(0), s(0)) == code::two_factors && refuses<linear>(s(2), s(0)) == code::two_factors);
static_assert(refuses<linear>(s(2), r) == code::factor_in_one_operand);
static_assert(refuses<linear>(s(2), i) == code::factor_in_one_operand);
static_assert(refuses<linear>(i, s(1)) == code::factor_in_one_operand);
static_assert(refuses<linear>(s(0), i) == code::invariant_mixed && refuses<linear>(i, r) == code::invariant_mixed);
static_assert(refuses<linear>(p, i) == code::invariant_mixed && refuses<linear>(i, s(0)) == code::invariant_mixed);

using matmul = st::rules::matmul;
static_assert(gives<matmul>(s(0), s(0), r) && gives<matmul>(s(1), r, s(1)) && gives<matmul>(p, s(1), s(0)));
static_assert(gives<matmul>(p, p, r) && gives<matmul>(p, r, p) && gives<matmul>(r, r, r) && gives<matmul>(i, i, i));

// Token ids have no gradient: invariant and replicate are the same for them.
using embedding = st::rules::embedding;
static_assert(gives<embedding>(r, r, r) && gives<embedding>(r, i, r) && gives<embedding>(i, i, i) &&
              gives<embedding>(i, r, i));
static_assert(gives<embedding>(s(0), s(0), r) && gives<embedding>(s(2), r, s(1)) && gives<embedding>(s(2), i, s(1)));
static_assert(gives<embedding>(p, i, s(0)) && gives<embedding>(p, r, s(0)) && gives<embedding>(p, r, p));
static_assert(refuses<embedding>(s(0), s(0)) == code::two_factors &&
              refuses<embedding>(s(0), i) == code::invariant_mixed);
static_assert(refuses<embedding>(p, r) == code::partial_operand);

using norm = st::rules::rms_norm;
static_assert(gives<norm>(s(0), s(0), r) && gives<norm>(s(1), s(1), r) && gives<norm>(r, r, r) && gives<norm>(i, i, i));
static_assert(gives<norm>(p, r, p));
static_assert(refuses<norm>(p, r) == code::partial_operand && refuses<norm>(p, i) == code::partial_operand);
static_assert(refuses<norm>(s(2), r) == code::whole_factor_sharded &&
              refuses<norm>(r, s(0)) == code::whole_factor_sharded);
static_assert(refuses<norm>(s(1), i) == code::invariant_mixed && refuses<norm>(i, r) == code::invariant_mixed);

using rotary = st::rules::rotary;
static_assert(gives<rotary>(s(2), s(2), i) && gives<rotary>(s(0), s(0), r) && gives<rotary>(p, p, i) &&
              gives<rotary>(i, i, r));
static_assert(refuses<rotary>(s(1), i) == code::whole_factor_sharded && refuses<rotary>(r, p) == code::partial_operand);
// Right, and there is no kernel for it.
static_assert(refuses<rotary>(s(1), s(0)) == code::no_kernel && refuses<rotary>(s(3), s(1)) == code::no_kernel);
static_assert(refuses<rotary>(s(1), s(1)) == code::two_factors &&
              refuses<rotary>(i, s(0)) == code::whole_factor_sharded);

using attention = st::rules::attention;
static_assert(gives<attention>(s(0), s(0), s(0), s(0)) && gives<attention>(s(2), s(2), s(2), s(2)));
static_assert(gives<attention>(r, r, r, r) && gives<attention>(i, i, i, i) && gives<attention>(p, r, r, p));
static_assert(refuses<attention>(p, r, r) == code::partial_operand &&
              refuses<attention>(r, p, r) == code::partial_operand);
static_assert(refuses<attention>(s(2), r, r) == code::factor_in_one_operand);
static_assert(refuses<attention>(s(1), r, r) == code::whole_factor_sharded);
static_assert(refuses<attention>(r, s(1), s(1)) == code::whole_factor_sharded);
static_assert(refuses<attention>(s(0), s(2), s(2)) == code::two_factors);
static_assert(refuses<attention>(r, r, s(3)) == code::no_kernel &&
              refuses<attention>(i, i, s(3)) == code::invariant_mixed);

using swiglu = st::rules::swiglu;
static_assert(gives<swiglu>(s(2), s(2), s(2)) && gives<swiglu>(s(1), s(1), s(1)) && gives<swiglu>(p, r, p));
static_assert(refuses<swiglu>(p, r) == code::partial_operand &&
              refuses<swiglu>(s(2), r) == code::factor_in_one_operand);

using add = st::rules::add;
static_assert(gives<add>(p, p, p) && gives<add>(s(1), s(1), s(1)) && gives<add>(r, r, r) && gives<add>(i, i, i));
static_assert(refuses<add>(p, r) == code::partial_plus_other && refuses<add>(i, p) == code::partial_plus_other);
static_assert(refuses<add>(s(0), p) == code::partial_plus_other && refuses<add>(s(0), s(1)) == code::two_factors);
static_assert(refuses<add>(s(0), r) == code::factor_in_one_operand && refuses<add>(i, r) == code::invariant_mixed);

// The sharded vocabulary is reduced inside, hence an invariant loss; sharded tokens leave a sum.
using loss = st::rules::cross_entropy;
static_assert(gives<loss>(i, s(2), i) && gives<loss>(i, s(2), r) && gives<loss>(p, s(0), s(0)) &&
              gives<loss>(p, s(1), s(1)));
static_assert(gives<loss>(r, r, i) && gives<loss>(i, i, i));
static_assert(refuses<loss>(p, i) == code::partial_operand && refuses<loss>(s(2), s(0)) == code::two_factors);
static_assert(refuses<loss>(s(0), i) == code::factor_in_one_operand);

// Redistribution: each row's collective, and its backward, dual(to) to dual(from), in the same table.
constexpr int rows = sizeof(st::redistributions) / sizeof(st::redistributions[0]);
constexpr kind dual_of(kind k) { return st::dual(placement{k, 0, 0}).is; }
constexpr bool closed() {
    for (auto const& row : st::redistributions) {
        int backward = 0;
        for (auto const& other : st::redistributions)
            backward += other.from == dual_of(row.to) && other.to == dual_of(row.from) ? 1 : 0;
        if (backward != 1) return false;
    }
    return true;
}
static_assert(rows == 11 && closed());

constexpr st::collective by(placement from, placement to, bool gradient = false) {
    st::layout x{.rank = 2, .axes = 1, .extent = {8, 8}, .axis_size = {4}, .on = {from}};
    auto const out = st::redistribute(x, 0, to, gradient);
    return out.says.legal() && out.result.on[0] == to ? out.by : static_cast<st::collective>(255);
}
using c = st::collective;
struct row {
    placement from, to;
    c forward, backward;
};
constexpr row table[] = {
    {s(0), r, c::all_gather, c::reduce_scatter},
    {s(0), i, c::all_gather, c::slice},
    {p, r, c::all_reduce, c::all_reduce},
    {p, i, c::all_reduce, c::none},
    {p, s(1), c::reduce_scatter, c::all_gather},
    {s(0), s(1), c::all_to_all, c::all_to_all},
    {i, r, c::none, c::all_reduce},
    {r, s(0), c::slice, c::zero_pad},
    {i, s(0), c::slice, c::all_gather},
    {r, p, c::mask, c::mask},
};
constexpr bool table_holds() {
    for (row const& one : table)
        if (by(one.from, one.to) != one.forward || by(st::dual(one.to), st::dual(one.from), true) != one.backward)
            return false;
    return true;
}
static_assert(table_holds());
constexpr st::collective refused = static_cast<st::collective>(255);
static_assert(by(r, i) == refused && by(i, p) == refused && by(s(0), p) == refused && by(s(0), p, true) == c::zero_pad);

// The fix that an error proposes: forward and backward bytes decide, no weight is gathered if anything else helps.
template <class Rule, int Operands>
constexpr st::verdict verdict(st::layout const (&x)[Operands]) {
    return st::infer(Rule::value, x).says;
}
constexpr st::layout of(placement on, long e0, long e1 = 0, long e2 = 0) {
    return {.rank = e2 != 0 ? 3 : e1 != 0 ? 2 : 1, .axes = 1, .extent = {e0, e1, e2}, .axis_size = {4}, .on = {on}};
}
constexpr st::layout ids(st::layout x) {
    x.type = st::dtype::i32;
    return x;
}
template <class Rule, int Operands>
constexpr bool fix_is(st::layout const (&x)[Operands], int operand, placement to) {
    auto const fix = st::suggest_fix(Rule::value, x, verdict<Rule>(x));
    return fix.changes == 1 && fix.of[0].operand == operand && fix.of[0].to == to;
}
static_assert(fix_is<norm>({of(p, 8, 16, 32), of(i, 32)}, 0, i));
static_assert(fix_is<norm>({of(s(1), 8, 16, 32), of(i, 32)}, 1, r));
static_assert(fix_is<linear>({of(s(2), 8, 16, 32), of(r, 64, 32)}, 1, s(1)));
static_assert(fix_is<linear>({of(s(1), 8, 16, 32), of(s(0), 64, 32)}, 0, r));
static_assert(fix_is<linear>({of(s(0), 8, 16, 32), of(i, 64, 32)}, 1, r));
static_assert(fix_is<loss>({of(p, 8, 16, 64), ids(of(i, 8, 16))}, 0, i));
static_assert(fix_is<add>({of(i, 8, 16, 32), of(p, 8, 16, 32)}, 1, i));
static_assert(fix_is<add>({of(s(1), 8, 16, 32), of(p, 8, 16, 32)}, 1, s(1)));

// Several axes: a shared factor has one ordered list.
constexpr st::layout on_two(long e0, long e1, long e2, int dim, int first, int second) {
    placement a = s(dim), b = s(dim);
    a.order = static_cast<signed char>(first), b.order = static_cast<signed char>(second);
    return {.rank = e2 != 0 ? 3 : 2, .axes = 2, .extent = {e0, e1, e2}, .axis_size = {2, 4}, .on = {a, b}};
}
static_assert(verdict<linear>({on_two(8, 16, 32, 2, 0, 1), on_two(64, 32, 0, 1, 0, 1)}).legal());
static_assert(verdict<linear>({on_two(8, 16, 32, 2, 0, 1), on_two(64, 32, 0, 1, 1, 0)}).what == code::factor_order);

// Query heads share kv heads: a multiple of them; k and v have equally many.
constexpr st::layout heads(long n) {
    return {.rank = 4, .axes = 1, .extent = {8, 16, n, 8}, .axis_size = {4}, .on = {i}};
}
static_assert(verdict<attention>({heads(8), heads(4), heads(4)}).legal());
static_assert(verdict<attention>({heads(8), heads(3), heads(3)}).what == code::shapes_disagree);
static_assert(verdict<attention>({heads(8), heads(4), heads(2)}).what == code::shapes_disagree);

// Fewer kv heads than ranks: split over the major axis of the query heads' list, replicate on the minor one, and each rank
// has one.
constexpr st::layout split_heads(long n, placement first, placement second, int order_of_first = 0) {
    st::layout x{.rank = 4, .axes = 2, .extent = {8, 16, n, 8}, .axis_size = {2, 4}, .on = {first, second}};
    if (first.is == kind::shard) x.on[0].order = static_cast<signed char>(order_of_first);
    if (first.is == kind::shard && second.is == kind::shard)
        x.on[1].order = static_cast<signed char>(1 - order_of_first);
    return x;
}
constexpr st::layout queries = split_heads(16, s(2), s(2));
constexpr st::inference shared = [] {
    st::layout const x[] = {queries, split_heads(2, s(2), r), split_heads(2, s(2), r)};
    return st::infer(attention::value, x);
}();
static_assert(shared.says.legal() && shared.result == queries);
constexpr st::verdict grouped(st::layout const& q, st::layout const& kv) { return verdict<attention>({q, kv, kv}); }
static_assert(grouped(queries, split_heads(4, s(2), r)).what == code::factor_in_one_operand);  // two kv heads each
static_assert(grouped(queries, split_heads(2, s(2), i)).what == code::invariant_mixed);  // their gradient is a sum
static_assert(grouped(split_heads(16, s(2), s(2), 1), split_heads(2, s(2), r)).what == code::factor_order);
static_assert(grouped(queries, split_heads(1, r, r)).legal());  // one kv head for all
static_assert(grouped(queries, split_heads(1, i, r)).what == code::invariant_mixed);

// Half a pair of the rotation on each rank is wrong, not refused.
constexpr st::verdict rotate(long d) {
    return verdict<rotary>({{.rank = 4, .axes = 1, .extent = {8, 8, 8, d}, .axis_size = {4}, .on = {s(3)}},
                            {.rank = 2, .axes = 1, .extent = {8, d}, .axis_size = {4}, .on = {s(1)}}});
}
static_assert(rotate(8).refused() && !rotate(8).legal() && !rotate(8).wrong());
static_assert(rotate(4).what == code::whole_factor_sharded && rotate(4).wrong());

// Operands without gradient: invariant is as good as replicate, and partial as linearity has it.
template <class Rule, int Operands>
constexpr code with_constants(unsigned constants, st::layout const (&x)[Operands]) {
    return st::infer(Rule::value, x, constants).says.what;
}
static_assert(with_constants<linear>(0b10, {of(s(1), 8, 16, 32), of(i, 64, 32)}) == code::ok);
static_assert(with_constants<linear>(0b01, {of(s(1), 8, 16, 32), of(i, 64, 32)}) == code::invariant_mixed);
static_assert(with_constants<linear>(0b10, {of(r, 8, 16, 32), of(p, 64, 32)}) == code::ok);
static_assert(with_constants<linear>(0b10, {of(i, 8, 16, 32), of(s(0), 64, 32)}) == code::invariant_mixed);
static_assert(with_constants<norm>(0b01, {of(p, 8, 16, 32), of(r, 32)}) == code::partial_operand);

// The same of types: a frozen weight, few kv heads on an axis of two parts.
struct kv final : st::axis<2> {};
struct rest final : st::axis<4> {};
template <class Shape, class... P>
using on_parts = st::tensor<float, Shape, st::mesh<kv, rest>, P...>;
using frozen = st::constant<on_parts<st::shape<64, 32>>>;
using samples = on_parts<st::shape<8, 16, 32>, st::shard<0, kv, rest>>;
using projected = decltype(st::op::linear(samples{}, frozen{}));
static_assert(st::same<projected, on_parts<st::shape<8, 16, 64>, st::shard<0, kv, rest>>>);
static_assert(st::same<decltype(st::gradients(st::op::linear, st::gradient_t<projected>{}, samples{}, frozen{})),
                       boost::hana::tuple<samples, st::no_gradient>>);
static_assert(st::same<decltype(st::op::linear(st::constant<samples>{}, frozen{})), st::constant<projected>>);
static_assert(!st::can<linear, samples, on_parts<st::shape<64, 32>>> && st::can<linear, samples, frozen>);
using many = on_parts<st::shape<8, 16, 16, 8>, st::shard<2, kv, rest>>;
using few = on_parts<st::shape<8, 16, 2, 8>, st::shard<2, kv>, st::replicate<rest>>;
using few_gradient = on_parts<st::shape<8, 16, 2, 8>, st::shard<2, kv>, st::partial<rest>>;
static_assert(st::same<decltype(st::op::attention(many{}, few{}, few{})), many>);
static_assert(st::same<decltype(st::gradients(st::op::attention, many{}, many{}, few{}, few{})),
                       boost::hana::tuple<many, few_gradient, few_gradient>>);

constexpr st::layout flop_operands[] = {of(i, 8, 16, 32), of(i, 64, 32)};
static_assert(st::flops(linear::value, flop_operands) == 2.0 * 8 * 16 * 32 * 64);
constexpr st::layout attention_operands[] = {heads(8), heads(4), heads(4)};
static_assert(st::flops(attention::value, attention_operands) == 2.0 * 8 * 16 * 16 * 8 * 8);

}  // namespace
