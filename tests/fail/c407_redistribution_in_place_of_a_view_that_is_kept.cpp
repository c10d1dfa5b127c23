// Backward of an all_reduce to replicate is one, too, and writes where it reads.
//
// expect: [ST-C407]
// expect: write<shardtype::std_move_operand
// expect: names::redistribute
#include <utility>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, P...>;
using used = matrix<replicate<tensor_gpus>>;

template <class X>
X& keep(X& x) {
    return x;
}

void back(float* gradient, thread::communicator const& ranks) {
    using std::move;
    auto dz = view<matrix<partial<tensor_gpus>>>(gradient, ranks);
    auto const dx = redistribute_backward<matrix<>, used>(ST_TOKEN(keep, move)(dz));
    (void)dx;
}
