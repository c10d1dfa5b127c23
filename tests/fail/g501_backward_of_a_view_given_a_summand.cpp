// Backward of an all_reduce to replicate takes a summand of the gradient on every rank, and this one is summed.
//
// expect: [ST-G501]
// expect: ST_G501<
// expect: write<shardtype::redistribute_operand_to<0
// expect: names::redistribute
#include <utility>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, P...>;
using whole = matrix<>;
using used = matrix<replicate<tensor_gpus>>;
using summand = matrix<partial<tensor_gpus>>;

void back(float* gradient, thread::communicator const& ranks) {
    auto dz = view<ST_TOKEN(used, summand)>(gradient, ranks);
    auto const dx = redistribute_backward<whole, used>(std::move(dz));
    (void)dx;
}
