// Uneven parts, run: parameters in padded shards, and activations through them, against finite differences.

#include "../ops/gradients.hpp"

using namespace gradients;

namespace {

/// Embedding, layers and output with a vocabulary that 3 and 6 do not divide; ids are below it.
template <long Vocabulary, class... Layers>
using uneven =
    st::chain<st::embedding<Vocabulary, 10>, Layers..., st::rms_norm, st::linear<Vocabulary>, st::cross_entropy>;

using padded6 = on<st::mesh<st::dp_shard<6>>, st::padded_fsdp<st::dp_shard<6>>>;  // 10 rows: 2, 2, 2, 2, 2, 0
using padded3_sp2 =
    on<st::mesh<st::dp_shard<3>, st::tp<2>>, st::padded_fsdp<st::dp_shard<3>>, st::sequence_parallel<st::tp<2>>>;
using tp2_padded3 =
    on<st::mesh<st::tp<2>, st::dp_shard<3>>, st::tensor_parallel<st::tp<2>>, st::padded_fsdp<st::dp_shard<3>>>;
using ddp2_padded3 =
    on<st::mesh<st::dp_replicate<2>, st::dp_shard<3>>, st::ddp<st::dp_replicate<2>>, st::padded_fsdp<st::dp_shard<3>>>;
using tp5 =
    on<st::mesh<st::tp<5>>, st::tensor_parallel<st::tp<5>>>;  // sequence 12: 3, 3, 3, 3, 0; batch 6: 2, 2, 2, 0, 0

inline constexpr st::placement padded0 = st::on_padded_shard(0), padded1 = st::on_padded_shard(1);
template <class... Layers>
using moved = st::chain<st::embedding<40, 10>, Layers..., st::linear<40>, st::cross_entropy>;
using row_parallel = product<10, st::split::columns>;

}  // namespace

TEST_CASE("parameters whose rows do not divide") {
    check<uneven<37, st::residual<st::rms_norm, st::swiglu<14>>>, padded6, ddp2_padded3>();
    check<uneven<38, st::residual<st::rms_norm, st::swiglu<14>>>, padded6, padded3_sp2, tp2_padded3>();
    check<uneven<38, st::repeat<2, st::residual<st::rms_norm, st::swiglu<14>>>>, padded3_sp2, ddp2_padded3>();
}

TEST_CASE("invariant to padded, and back") {
    check<moved<move<padded1, invariant>, st::rms_norm>, tp5>();
    check<moved<move<padded0, invariant>, st::rms_norm>, tp5>();
    check<moved<move<padded0, padded1, padded0, invariant>, st::rms_norm>, tp5>();
}
TEST_CASE("replicate to padded, and back") {
    check<moved<move<replicate, padded1, replicate, partial, invariant>, st::rms_norm>, tp5>();
    check<moved<move<replicate, padded0, replicate, partial, invariant>, st::rms_norm>, tp5>();
}
TEST_CASE("partial to padded, and on") {
    check<moved<move<replicate, shard2>, row_parallel, move<padded1, invariant>, st::rms_norm>, tp5>();
    check<moved<move<replicate, shard2>, row_parallel, move<padded0, replicate>, norm_inside, move<partial, invariant>>,
          tp5>();
}
