// The real templates say what the values say: a seeded sample of operand types, made by the compiler, given to every
// operation. The values are held against numbers in oracle.cpp.

#include <doctest/doctest.h>

#include <cstdio>

#include <shardtype/rules/operation.hpp>

namespace {

using namespace shardtype;

struct major_axis final : axis<2> {};
struct middle_axis final : axis<3> {};
struct minor_axis final : axis<2> {};
using grid = mesh<major_axis, middle_axis, minor_axis>;

struct operands {
    layout x[max_operands]{};
    unsigned constants = 0;
};

/// The extent of a letter: enough for every axis, equal for the pairs; two kv heads.
constexpr long extent_of(rule const& r, int operand, char f) { return f != r.grouped ? 24 : operand == 0 ? 24 : 2; }

/// Numbers that look random, in a constant.
struct dice {
    unsigned long state;
    constexpr int roll(int sides) {
        state = state * 6364136223846793005UL + 1442695040888963407UL;
        return static_cast<int>((state >> 33U) % static_cast<unsigned long>(sides));
    }
};

/// One axis of all operands: whole, a summand in one of them, or a factor split in all; now and then one is anything.
constexpr void draw(rule const& r, dice& d, placement (&p)[max_operands]) {
    int const row = d.roll(5), summand = d.roll(r.operands), whole_or_split = d.roll(2);
    char const factor = r.in[0][d.roll(r.rank_of(0))];
    for (int i = 0; i < r.operands; ++i) {
        int const dim = r.dim_of(i, factor);
        bool const coarse = i > 0 && factor == r.grouped && whole_or_split == 0;
        bool const is_summand = i == summand || (r.is_summand(summand) && r.is_summand(i));
        p[i] = row == 0 ? on_invariant : row == 1 && is_summand ? on_partial : on_replicate;
        if (row > 1 && dim >= 0 && !coarse) p[i] = on_shard(dim);
    }
    int const any = d.roll(3 + r.rank_of(summand));
    if (d.roll(10) == 0)
        p[summand] = any == 0 ? on_invariant : any == 1 ? on_partial : on_shard(any % r.rank_of(summand));
}

template <class Rule>
constexpr operands sampled(unsigned seed) {
    rule const& r = Rule::value;
    dice d{seed * 2654435761U + 12345};
    operands out;
    bool valid = false;
    for (int tries = 0; tries < 20 && !valid; ++tries) {
        for (int i = 0; i < r.operands; ++i) {
            layout x;
            x.type = ((r.ids >> i) & 1U) != 0 ? dtype::i32 : dtype::f32;
            x.rank = r.rank_of(i), x.axes = grid::axes;
            for (int k = 0; k < x.rank; ++k) x.extent[k] = extent_of(r, i, r.in[i][k]);
            for (int a = 0; a < max_axes; ++a) x.axis_size[a] = grid::axis_size[a];
            out.x[i] = x;
        }
        int const first = d.roll(3), second = (first + 1 + d.roll(2)) % 3;
        for (int const a : {first, second, 3 - first - second}) {
            placement p[max_operands]{};
            draw(r, d, p);
            for (int i = 0; i < r.operands; ++i) out.x[i] = placed(out.x[i], a, p[i]);
        }
        valid = true;
        for (int i = 0; i < r.operands; ++i) valid = valid && fault_of(out.x[i]).what == code::ok;
    }
    for (int i = 0; i < r.operands && !valid; ++i)
        for (placement& p : out.x[i].on) p = on_invariant;
    out.constants = seed % 3 == 2 ? static_cast<unsigned>(d.roll(1 << r.operands)) : 0;
    return out;
}

template <class Rule, int Sample>
struct drawn {
    static constexpr operands value = sampled<Rule>(Sample);
};
template <class Rule, int Sample, int I>
struct operand {
    static constexpr layout value = drawn<Rule, Sample>::value.x[I];
    static constexpr bool frozen = ((drawn<Rule, Sample>::value.constants >> I) & 1U) != 0;
    using element = typename detail::pick<((Rule::value.ids >> I) & 1U) != 0 ? 0 : 1, int, float>::type;
    using plain = tensor_of<element, grid, operand>;
    using type = typename detail::constant_if<frozen, plain>::type;
    static_assert(plain::value == value);
};

struct count {
    int legal = 0, refused = 0, wrong = 0;
};

template <class Tuple, class... Expected>
inline constexpr bool is_tuple_of = same<Tuple, boost::hana::tuple<Expected...>>;

template <class Rule, int Sample, int... I>
constexpr void check(count& out, int_list<I...>) {
    constexpr operands in = drawn<Rule, Sample>::value;
    constexpr inference expected = infer(Rule::value, in.x, in.constants);
    constexpr bool legal = expected.says.legal();
    static_assert(can<Rule, typename operand<Rule, Sample, I>::type...> == legal);
    if constexpr (legal) {
        using result = decltype(operation<Rule>{}(typename operand<Rule, Sample, I>::type{}...));
        static_assert(result::value == expected.result);
        constexpr unsigned all = (1U << sizeof...(I)) - 1U;
        static_assert(is_constant<result> == ((in.constants | Rule::value.constant) == all));
        using dy = gradient_t<result>;
        using dx = decltype(gradients(operation<Rule>{}, dy{}, typename operand<Rule, Sample, I>::type{}...));
        static_assert(
            is_tuple_of<dx, typename detail::pick<Rule::value.is_constant(I) ? 0 : 1, no_gradient,
                                                  gradient_t<typename operand<Rule, Sample, I>::type>>::type...>);
    }
    ++(legal ? out.legal : expected.says.refused() ? out.refused : out.wrong);
}

template <class Rule, int... Sample>
void check_samples(int_list<Sample...>) {
    count out;
    (check<Rule, Sample>(out, detail::make_ints<Rule::value.operands>{}), ...);
    std::printf("%-14s types: legal %2d, right but refused %2d, wrong %2d\n", Rule::name, out.legal, out.refused,
                out.wrong);
    CHECK(out.legal > 1);
    CHECK(out.wrong > 1);
}

template <class... Rule>
void check_all() {
    (check_samples<Rule>(detail::make_ints<20>{}), ...);
}

}  // namespace

TEST_CASE("sampled operand types: the templates agree with the values") {
    check_all<rules::matmul, rules::linear, rules::embedding, rules::rms_norm, rules::layer_norm, rules::rotary,
              rules::attention, rules::swiglu, rules::gelu, rules::bias, rules::positions, rules::add,
              rules::cross_entropy>();
}
