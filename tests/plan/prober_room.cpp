// What a prober finds does not depend on what was lowered in its room before.
#include <shardtype/plan/planning.hpp>
#include <shardtype/shardtype.hpp>

#include <doctest/doctest.h>

#include <memory>

namespace st = shardtype;
namespace detail = st::detail;

namespace {

using model = st::llama<st::llama3_8b>;

bool same(detail::parameter_cost const& a, detail::parameter_cost const& b) {
    return a.gather_kernels == b.gather_kernels && a.gather_moves == b.gather_moves &&
           a.reduce_kernels == b.reduce_kernels && a.reduce_moves == b.reduce_moves &&
           a.once_kernels == b.once_kernels && a.once_moves == b.once_moves && a.state == b.state &&
           a.gathered == b.gathered && a.gradients == b.gradients;
}

}  // namespace

TEST_CASE("parameters priced one after the other cost what each costs by itself") {
    st::cluster on{st::h100_sxm, 3, {4, 8, 2}};
    for (int const micro_batches : {1, 2}) {
        detail::planned_case const of = detail::case_of<model>(
            on, {}, {.global = 128, .sequence = 8192, .micro_batches = micro_batches}, st::dtype::f32, st::dtype::bf16);
        int const number = 2;  // the batch on two axes, the third splits tensors
        st::placement_policy const probed = detail::class_policy(of.on, number);
        detail::class_core const core = detail::core_of<model, st::library_operations>(
            of, number, st::buffers_only::scratch, detail::room_of<st::buffers_only>);
        auto const shared = std::make_unique<detail::variant_prober>(of, probed, core);
        int priced = 0;
        for (int v = 0; v < detail::variants_of(probed); ++v) {
            st::placement_policy const p = detail::variant_of(probed, v);
            for (short k = core.unit[0].first_parameter; k < core.unit[of.units.count - 1].end_parameter; ++k) {
                auto const alone = std::make_unique<detail::variant_prober>(of, probed, core);
                detail::parameter_cost a, b;
                shared->prober.routes = 0;
                bool const stores = shared->prober.add(core.parameter[k], p, a);
                REQUIRE(stores == alone->prober.add(core.parameter[k], p, b));
                CHECK(same(a, b));
                priced += stores ? 1 : 0;
            }
        }
        CHECK(priced > 50);
    }
}
