// Checked collectives in a trainer of one's own: two residual blocks of two matrices, its loops, memory and optimizer
// written by hand, data parallel over dp and tensor parallel over tp. Of the library it uses views and their
// collectives. A run on four ranks is compared with one on a single rank.

#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include <shardtype/comm/thread/world.hpp>
#include <shardtype/ops/view.hpp>

namespace st = shardtype;
using numbers = std::vector<double>;

// c[m, n] = a[m, k] b[k, n]; at(i, j) reads an operand as it is or transposed.
template <class A, class B>
void product(long m, long n, long k, A a, B b, numbers& c) {
    for (long i = 0; i < m; ++i)
        for (long j = 0; j < n; ++j) {
            double sum = 0;
            for (long l = 0; l < k; ++l) sum += a(i, l) * b(l, j);
            c[static_cast<std::size_t>(i * n + j)] = sum;
        }
}
auto as_is(double const* x, long columns) {
    return [=](long i, long j) { return x[i * columns + j]; };
}
auto transposed(double const* x, long columns) {
    return [=](long i, long j) { return x[j * columns + i]; };
}
double some_number(long i) { return std::sin(static_cast<double>(i * i % 1009)); }

//! [types]
constexpr long batch = 8, width = 6, hidden = 12;

template <int Replicas, int TensorRanks>
struct trainer {
    struct dp final : st::axis<Replicas> {};
    struct tp final : st::axis<TensorRanks> {};
    using grid = st::mesh<dp, tp>;
    template <class Shape, class... Placements>
    using real = st::tensor<double, Shape, grid, Placements...>;

    // Rows over dp; the tp ranks hold the same (an axis that is not named is invariant) or a summand each.
    using activation = real<st::shape<batch, width>, st::shard<0, dp>>;
    using summand = real<st::shape<batch, width>, st::shard<0, dp>, st::partial<tp>>;
    // Weights [out, in], the first split by outputs, the second by inputs, each dp rank with a copy ...
    using weight_1 = real<st::shape<hidden, width>, st::shard<0, tp>>;
    using weight_2 = real<st::shape<width, hidden>, st::shard<1, tp>>;
    // ... that it uses for its own rows: so its gradient has a summand on each dp rank.
    using used_1 = real<st::shape<hidden, width>, st::shard<0, tp>, st::replicate<dp>>;
    using used_2 = real<st::shape<width, hidden>, st::shard<1, tp>, st::replicate<dp>>;
    using loss_summand = real<st::shape<1>, st::partial<dp>>;
    //! [types]

    static constexpr long rows = batch / Replicas, columns = hidden / TensorRanks;
    static numbers zeros(long count) { return numbers(static_cast<std::size_t>(count)); }

    struct block {
        numbers w1 = zeros(columns * width), w2 = zeros(width * columns), dw1 = w1, dw2 = w2;
        numbers h = zeros(rows * columns), dh = h;
        numbers y = zeros(rows * width), dx = y;
    };
    st::thread::rank_communicators const& ranks;
    block blocks[2];
    numbers x = zeros(rows * width), target = x, dz = x;

    explicit trainer(st::thread::rank_communicators const& communicators) : ranks(communicators) {
        long const row = activation::offset(ranks.rank, 0), column = weight_1::offset(ranks.rank, 0);
        for (long i = 0; i < rows * width; ++i)
            target[static_cast<std::size_t>(i)] = some_number(row * width + i + 7) / 2;
        for (long b = 0; b < 2; ++b)
            for (long i = 0; i < columns; ++i)
                for (long j = 0; j < width; ++j) {
                    long const in_w1 = (column + i) * width + j, in_w2 = j * hidden + column + i;
                    blocks[b].w1[static_cast<std::size_t>(i * width + j)] = some_number(1000 * b + in_w1) / 4;
                    blocks[b].w2[static_cast<std::size_t>(j * columns + i)] = some_number(1000 * b + 500 + in_w2) / 4;
                }
    }

    //! [step]
    // y = relu(x w1^T) w2^T, whole on every tp rank.
    auto forward(numbers const& in, block& b) {
        auto const here = st::view<activation>(in, ranks);
        auto const used = st::redistribute<st::replicate<tp>>(here);  // nothing moves: each tp rank does its part now
        product(rows, columns, width, as_is(used.data(), width), transposed(b.w1.data(), width), b.h);
        for (double& h : b.h) h = h > 0 ? h : 0;
        product(rows, width, columns, as_is(b.h.data(), columns), transposed(b.w2.data(), columns), b.y);
        auto y = st::view<summand>(b.y, ranks);
        auto const z = st::all_reduce<tp, st::to_invariant>(std::move(y));  // in place: b.y is no summand from here on
        // st::all_reduce<tp, st::to_invariant>(z) does not compile, [ST-C401]: it would count each rank again.
        // st::all_reduce<dp, st::to_invariant>(y) neither: the rows of other replicas are other rows.
        return z;
    }
    //! [step]

    //! [backward]
    // From the gradient of z to that of x, and the weights' gradients, summed over dp.
    void backward(numbers const& in, block& b) {
        auto const z = st::view<st::gradient_t<activation>>(dz, ranks);
        auto const dy = st::redistribute_backward<summand, activation>(z);  // each summand has the sum's gradient
        product(width, columns, rows, transposed(dy.data(), width), as_is(b.h.data(), columns), b.dw2);
        product(rows, columns, width, as_is(dy.data(), width), as_is(b.w2.data(), columns), b.dh);
        for (std::size_t i = 0; i < b.h.size(); ++i) b.dh[i] = b.h[i] > 0 ? b.dh[i] : 0;
        product(columns, width, rows, transposed(b.dh.data(), columns), as_is(in.data(), width), b.dw1);
        product(rows, width, columns, as_is(b.dh.data(), columns), as_is(b.w1.data(), width), b.dx);

        // x was used by every tp rank: the types know that its gradient is a sum. So are the weights', over dp.
        using used = st::tensor<double, st::shape<batch, width>, grid, st::shard<0, dp>, st::replicate<tp>>;
        auto const dx = st::redistribute_backward<activation, used>(st::view<st::gradient_t<used>>(b.dx, ranks));
        for (std::size_t i = 0; i < dz.size(); ++i) dz[i] += dx.data()[i];  // and around the block
        auto dw1 = st::view<st::gradient_t<used_1>>(b.dw1, ranks);
        auto dw2 = st::view<st::gradient_t<used_2>>(b.dw2, ranks);
        update(st::view<weight_1>(b.w1, ranks), st::redistribute_backward<weight_1, used_1>(std::move(dw1)));
        update(st::view<weight_2>(b.w2, ranks), st::redistribute_backward<weight_2, used_2>(std::move(dw2)));
        // update(st::view<weight_1>(b.w1, ranks), dw1) does not compile: a summand is no gradient of a stored weight.
    }
    template <class Weight, class C>
    void update(st::tensor_view<Weight, C> w, st::tensor_view<st::gradient_t<Weight>, C> gradient) {
        for (long i = 0; i < Weight::local_count; ++i) w.data()[i] -= 0.05 * gradient.data()[i];
    }
    //! [backward]

    double step() {
        long const row = activation::offset(ranks.rank, 0);
        numbers in[3] = {x, x, x};
        for (long i = 0; i < rows * width; ++i) in[0][static_cast<std::size_t>(i)] = some_number(row * width + i);
        for (int b = 0; b < 2; ++b) {
            auto const z = forward(in[b], blocks[b]);
            for (std::size_t i = 0; i < x.size(); ++i) in[b + 1][i] = in[b][i] + z.data()[i];
        }
        double loss = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            double const apart = in[2][i] - target[i];
            loss += apart * apart / (2 * batch);
            dz[i] = apart / batch;
        }
        for (int b = 1; b >= 0; --b) backward(in[b], blocks[b]);
        return *st::all_reduce<dp, st::to_invariant>(st::view<loss_summand>(&loss, ranks)).data();
    }

    //! [verify]
    // For debugging: have the copies of the weights stayed equal, bit by bit?
    void verify() {
        for (block& b : blocks) {
            st::verify(st::view<weight_1>(b.w1, ranks));
            st::verify(st::view<weight_2>(b.w2, ranks));
        }
    }
    //! [verify]
};

template <int Replicas, int TensorRanks>
numbers losses(int steps) {
    numbers out(static_cast<std::size_t>(steps));
    using mine = trainer<Replicas, TensorRanks>;
    st::thread::world(typename mine::grid{}).run([&](st::thread::rank_communicators const& ranks) {
        mine train(ranks);
        for (int s = 0; s < steps; ++s) {
            double const loss = train.step();
            if (ranks.rank == 0) out[static_cast<std::size_t>(s)] = loss;
        }
        train.verify();
    });
    return out;
}

int main() try {
    numbers const alone = losses<1, 1>(20), together = losses<2, 2>(20);
    double apart = 0;
    for (std::size_t s = 0; s < alone.size(); ++s) {
        apart = std::fmax(apart, std::fabs(alone[s] - together[s]));
        if (s % 5 == 0 || s + 1 == alone.size())
            std::printf("step %2zu  loss on 1 rank %.6f, on 2 x 2 ranks %.6f\n", s + 1, alone[s], together[s]);
    }
    if (!(apart < 1e-12)) throw std::runtime_error("the losses differ");
    std::printf("the losses agree to 1e-12, and the copies of the weights bit by bit\n");
} catch (std::exception const& error) {
    std::fprintf(stderr, "08_own_trainer: %s\n", error.what());
    return 1;
}
