// Two linear layers on four ranks, the first split by columns, the second by rows, forward and backward. Types decide
// where every result and gradient lies; oneDNN's products and the ranks' collectives make the numbers, which are
// compared with products of the whole arrays in double.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include <boost/hana/integral_constant.hpp>

#include <shardtype/ops/view.hpp>
#include <shardtype/runtime.hpp>

namespace st = shardtype;
namespace hana = boost::hana;

//! [types]
struct tp final : st::axis<4> {};
using grid = st::mesh<tp>;
template <class Shape, class... Placements>
using f32 = st::tensor<float, Shape, grid, Placements...>;

using input = f32<st::shape<2, 16, 64>>;                    // [batch, sequence, in]; tp is not named: invariant
using columns = f32<st::shape<256, 64>, st::shard<0, tp>>;  // weights are [out, in]: each rank has 64 of 256 outputs
using rows = f32<st::shape<64, 256>, st::shard<1, tp>>;     // each rank has 64 of 256 inputs
//! [types]

// Memory for one rank's part of a tensor: sized when it is known what it holds.
using memory = std::vector<float>;
using ranks_of_mesh = st::thread::rank_communicators;
template <class Tensor>
using view = st::tensor_view<Tensor, ranks_of_mesh>;
template <class Tensor>
view<Tensor> room_for(memory& here, ranks_of_mesh const& ranks) {
    here.resize(Tensor::local_count);
    return st::view<Tensor>(here, ranks);
}

// c[M, N] = op(a) op(b), on one rank.
template <long M, long N, long K, class A, class B, class C>
void product(bool transpose_a, view<A> a, bool transpose_b, view<B> b, view<C> c) {
    alignas(64) std::byte scratch[st::cpu::gemm_scratch_bytes<float>(M, N, K)];
    st::cpu::gemm<float> const multiply(M, N, K, transpose_a, transpose_b, false);
    multiply({scratch, sizeof scratch}, a.data(), b.data(), c.data());
}

//! [linear]
// y = x w^T. The type-level operation checks the operands and says what comes out; the product works on local parts.
template <class X, class W>
auto linear(view<X> x, view<W> w, memory& here) {
    auto const y = room_for<decltype(st::op::linear(X{}, W{}))>(here, x.communicators());
    constexpr long out = W::value.local(0), in = W::value.local(1);
    product<X::local_count / in, out, in>(false, x, true, w, y);
    return y;
}
//! [linear]

// dx = dy w and dw = dy^T x, in the types that belong to an operation with these operands.
template <class Dy, class X, class W>
auto linear_gradients(view<Dy> dy, view<X> x, view<W> w, memory& for_dx, memory& for_dw) {
    constexpr auto types = st::gradients(st::op::linear, Dy{}, X{}, W{});
    constexpr long out = W::value.local(0), in = W::value.local(1), tokens = X::local_count / in;
    auto const dx = room_for<std::decay_t<decltype(types[hana::size_c<0>])>>(for_dx, x.communicators());
    auto const dw = room_for<std::decay_t<decltype(types[hana::size_c<1>])>>(for_dw, x.communicators());
    product<tokens, in, out>(false, dy, false, w, dx);
    product<out, in, tokens>(true, dy, false, x, dw);
    return std::pair(dx, dw);
}

// The whole arrays, in double. Multiples of 1/8 between -1 and 1: every sum below is exact in float too, in whatever
// order it is made, so that the difference is 0 on every machine.
using array = std::vector<double>;
array numbers(long count, unsigned seed) {
    array values(static_cast<std::size_t>(count));
    for (double& v : values) {
        seed = seed * 1664525 + 1013904223;
        v = static_cast<double>(static_cast<int>(seed >> 16) % 17 - 8) / 8;
    }
    return values;
}
array whole_product(long m, long n, long k, bool transpose_a, array const& a, bool transpose_b, array const& b) {
    array c(static_cast<std::size_t>(m * n));
    auto const at = [](long i) { return static_cast<std::size_t>(i); };
    for (long i = 0; i < m; ++i)
        for (long j = 0; j < n; ++j)
            for (long l = 0; l < k; ++l)
                c[at(i * n + j)] +=
                    a[at(transpose_a ? l * m + i : i * k + l)] * b[at(transpose_b ? j * k + l : l * n + j)];
    return c;
}

// Calls f(element of the whole array, element of this rank's part).
template <class Tensor, class Whole, class F>
void for_each_element(view<Tensor> part, Whole& whole, F f) {
    st::for_each_run(Tensor::value, part.communicators().coordinate, [&](long global, long here, long count) {
        for (long i = 0; i < count; ++i) f(whole[static_cast<std::size_t>(global + i)], part.data()[here + i]);
    });
}
template <class Tensor>
view<Tensor> take(array const& whole, memory& here, ranks_of_mesh const& ranks) {
    auto const part = room_for<Tensor>(here, ranks);
    for_each_element(part, whole, [](double from, float& to) { to = static_cast<float>(from); });
    return part;
}

template <class Tensor>
void report(char const* name, view<Tensor> part, array const& whole) {
    ranks_of_mesh const& ranks = part.communicators();
    double mine = 0, worst = 0;
    for_each_element(part, whole,
                     [&](double a, float b) { mine = std::fmax(mine, std::fabs(a - static_cast<double>(b))); });
    ranks.all.all_reduce(&mine, &worst, 1, st::reduction::max);
    if (ranks.rank == 0) std::printf("%-3s largest difference %g\n", name, worst);
}

int main() try {
    array const x = numbers(32L * 64, 1), w1 = numbers(256L * 64, 2), w2 = numbers(64L * 256, 3),
                dz = numbers(32L * 64, 4);
    array const h = whole_product(32, 256, 64, false, x, true, w1), z = whole_product(32, 64, 256, false, h, true, w2);
    array const dh = whole_product(32, 256, 64, false, dz, false, w2);
    array const dw2 = whole_product(64, 256, 32, true, dz, false, h),
                dw1 = whole_product(256, 64, 32, true, dh, false, x);
    array const dx = whole_product(32, 64, 256, false, dh, false, w1);

    st::thread::world world(grid{});
    world.run([&](ranks_of_mesh const& ranks) {
        memory for_x, for_w1, for_w2, for_dz, for_h, for_y, for_dh, for_dx, for_dw1, for_dw2;
        auto const x_here = take<input>(x, for_x, ranks);
        auto const w1_here = take<columns>(w1, for_w1, ranks);
        auto const w2_here = take<rows>(w2, for_w2, ranks);
        auto const dz_here = take<input>(dz, for_dz, ranks);

        //! [forward]
        // Whole on every rank as before; from here on each rank uses it for its own share of the work. Nothing is sent.
        auto const x_used = st::redistribute<st::replicate<tp>>(x_here);
        auto const h_here = linear(x_used, w1_here, for_h);  // each rank has its columns
        auto y_here = linear(h_here, w2_here, for_y);        // each rank has one summand
        // In place: the memory of y_here becomes that of z_here, so y_here is given up.
        auto const z_here = st::all_reduce<tp, st::to_invariant>(std::move(y_here));
        //! [forward]
        static_assert(decltype(h_here)::tensor_type::value.on[0] == st::on_shard(2));
        static_assert(decltype(y_here)::tensor_type::value.on[0] == st::on_partial);
        static_assert(decltype(z_here)::tensor_type::value.on[0] == st::on_invariant);

        //! [backward]
        // Every summand's gradient is that of the sum: nothing is sent.
        auto const dy_here = st::redistribute_backward<decltype(y_here), decltype(z_here)>(dz_here);
        auto const [dh_here, dw2_here] = linear_gradients(dy_here, h_here, w2_here, for_dh, for_dw2);
        auto [dx_partial, dw1_here] = linear_gradients(dh_here, x_used, w1_here, for_dx, for_dw1);
        // x was used by every rank: the gradients are added.
        auto const dx_here = st::redistribute_backward<decltype(x_here), decltype(x_used)>(std::move(dx_partial));
        //! [backward]
        static_assert(decltype(dh_here)::tensor_type::value.on[0] == st::on_shard(2));
        static_assert(decltype(dw2_here)::tensor_type::value.on[0] == st::on_shard(1));  // placed as the weights are,
        static_assert(decltype(dw1_here)::tensor_type::value.on[0] == st::on_shard(0));  // without a collective
        static_assert(decltype(dx_partial)::tensor_type::value.on[0] == st::on_partial);

        report("z", z_here, z);
        report("dx", dx_here, dx);
        report("dw1", dw1_here, dw1);
        report("dw2", dw2_here, dw2);
        if (ranks.rank != 0) return;
        //! [bytes]
        // Both ways of the two redistributions, by the ring algorithm.
        constexpr double z_bytes = st::redistribution_bytes(decltype(y_here)::tensor_type::value, 0, st::on_invariant);
        constexpr double x_bytes = st::redistribution_bytes(input::value, 0, st::on_replicate);
        std::printf("each rank sends %.0f bytes for z, forward, and %.0f for dx, backward\n", z_bytes, x_bytes);
        //! [bytes]
    });
} catch (std::exception const& error) {
    std::fprintf(stderr, "04_matmul: %s\n", error.what());
    return 1;
}
