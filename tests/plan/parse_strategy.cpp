#include <doctest/doctest.h>

#include <shardtype/plan/parse_strategy.hpp>
#include <shardtype/train/explain.hpp>

#include "../support/random_plan.hpp"

namespace st = shardtype;

namespace {

constexpr st::model_plan llama = hand_made::llama_8b();

constexpr st::parsed_strategy parse(char const* text) {
    int size = 0;
    while (text[size] != 0) ++size;
    return st::parse_strategy(text, size, llama);
}
static_assert(parse("fsdp<dp>, sequence_parallel<tp>, recompute").on[1] == st::role::sequence_parallel);

struct wrong {
    char const* text;
    st::strategy_fault fault;
    char const* what;
};

}  // namespace

TEST_CASE("a strategy's text is read as it was written") {
    st::parsed_strategy const p = parse("padded_fsdp<tp>, ddp<dp>, keep_activations");
    CHECK(p.fault == st::strategy_fault::none);
    CHECK((p.on[0] == st::role::data_parallel && p.on[1] == st::role::fully_sharded));
    CHECK((!p.pads[0] && p.pads[1] && p.decides && !p.recomputes));
    CHECK(parse("no roles").fault == st::strategy_fault::none);
    hand_made::random_plans plans(3);
    for (int i = 0; i < 100; ++i) {
        st::model_plan const of = plans.next();
        for (int k = 0; k < of.layers; ++k) {
            st::placement_policy const& r = of.layer[k].roles;
            std::string const text =
                st::detail::written([&](st::text_sink& out) { st::detail::put_strategy(out, r, of, true); });
            st::parsed_strategy const q = st::parse_strategy(text.data(), static_cast<int>(text.size()), of);
            bool same = q.fault == st::strategy_fault::none && q.recomputes == r.recomputes;
            for (int a = 0; a < st::max_axes; ++a) same = same && q.on[a] == r.on[a] && q.pads[a] == r.pads[a];
            CHECK_MESSAGE(same, text);
        }
    }
}

TEST_CASE("what is wrong in a strategy's text is pointed at") {
    using fault = st::strategy_fault;
    wrong const all[] = {
        {"fdsp<dp>", fault::unknown_role, "fdsp"},
        {"fsdp<dp>, tensor<tp>", fault::unknown_role, "tensor"},
        {"none<dp>", fault::unknown_role, "none"},
        {"fsdp<ep>", fault::unknown_axis, "ep"},
        {"fsdp<d>", fault::unknown_axis, "d"},
        {"fsdp<dp>, ddp<dp>", fault::two_roles, "dp"},
        {"fsdp<dp", fault::syntax, "fsdp<dp"},
        {"fsdp", fault::syntax, "fsdp"},
        {"fsdp<dp>,zero1<tp>", fault::syntax, ",zero1<tp>"},
        {"fsdp<dp>, ", fault::syntax, ""},
        {"", fault::syntax, ""},
        {"recompute, recompute", fault::syntax, "recompute"},
        {"recompute, keep_activations", fault::syntax, "keep_activations"},
        {"fsdp<dp> recompute", fault::syntax, " recompute"},
    };
    for (wrong const& w : all) {
        st::parsed_strategy const p = parse(w.text);
        CHECK_MESSAGE(p.fault == w.fault, w.text);
        CHECK(std::string(w.text).substr(static_cast<std::size_t>(p.at), static_cast<std::size_t>(p.size)) == w.what);
    }
}
