// What a failed collective on a view returns is silent in everything that a program does with it.
//
// expect: [ST-C401]
// expect: write<shardtype::remove_this_call>
#include <span>
#include <utility>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

using namespace shardtype;
struct tensor_gpus final : axis<4> {};
template <class... P>
using matrix = tensor<float, shape<8, 16>, mesh<tensor_gpus>, P...>;
using summand = matrix<partial<tensor_gpus>>;
using whole = matrix<replicate<tensor_gpus>>;

float norm(float const* x, long count) { return count > 0 ? x[0] : 0.0F; }

float use(float* memory, float* out, thread::communicator const& ranks) {
    auto const x = view<ST_TOKEN(whole, summand)>(memory, ranks);
    auto const z = all_reduce<tensor_gpus, to_replicate>(x, out);
    float sum = z.data()[3] + 2 * *z.data() + norm(z.data(), 128);
    z.data()[3] += 1.0F;
    for (float e : z.span()) sum += e;
    static_assert(decltype(z)::local_count == 128);
    auto const again = view<whole>(z.data(), ranks);
    (void)again;
    verify(z);
    auto const rows = redistribute<shard<0, tensor_gpus>>(z);
    auto const columns = redistribute<shard<1, tensor_gpus>>(z, memory);
    auto const scattered = reduce_scatter<tensor_gpus, 0>(redistribute_backward<whole, summand>(z, memory), out);
    auto pending = all_gather_start<tensor_gpus, to_replicate>(rows, memory);
    auto const gathered = pending.wait();
    sum += redistribute_to<whole>(scattered, memory, z.data()).data()[0];
    (void)gathered;
    return sum + all_gather<tensor_gpus, to_invariant>(columns, out).span()[0];
}
