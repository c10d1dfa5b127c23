// The matrix products of the debug Llama's layers, y[rows, N] = x[rows, K] w[N, K]^T.
//   whole/...   on one rank, with the widths that 8, 4 or no ranks of tensor parallelism leave of a layer
//   tp/...      column and row parallel on 8 ranks at once

#include <string>

#include <shardtype/bench/matmul.hpp>
#include <shardtype/rules/operation.hpp>

namespace st = shardtype;
namespace bench = st::bench;

namespace {

template <class X, class W>
void add(std::string const& name) {
    benchmark::RegisterBenchmark((name + "/forward").c_str(), bench::matmul<X, W>);
    benchmark::RegisterBenchmark((name + "/dx").c_str(), bench::matmul_left_gradient<X, W>);
    benchmark::RegisterBenchmark((name + "/dw").c_str(), bench::matmul_right_gradient<X, W>);
}

struct one final : st::axis<1> {};
template <class T, long... Extents>
using whole = st::tensor<T, st::shape<Extents...>, st::mesh<one>>;

template <class T, long N, long K, long... Rows>
void add_whole() {
    auto const name = [](long rows) {
        return std::string("whole/") + (st::same<T, double> ? "double/" : "") + std::to_string(rows) + "x" +
               std::to_string(N) + "x" + std::to_string(K);
    };
    (add<whole<T, 1, Rows, K>, whole<T, N, K>>(name(Rows)), ...);
}

struct ranks final : st::axis<8> {};
template <class Shape, class... Placements>
using split = st::tensor<float, Shape, st::mesh<ranks>, Placements...>;

template <long N, long K>
void add_split() {
    using x = st::shape<8, 256, K>;
    using w = st::shape<N, K>;
    auto const name = "/2048x" + std::to_string(N) + "x" + std::to_string(K);
    add<split<x, st::replicate<ranks>>, split<w, st::shard<0, ranks>>>("tp/columns" + name);
    add<split<x, st::shard<2, ranks>>, split<w, st::shard<1, ranks>>>("tp/rows" + name);
}

bool const added = [] {
    add_whole<float, 256, 256, 256, 2048>();
    add_whole<float, 768, 256, 256, 2048>();
    add_whole<float, 256, 768, 256, 2048>();
    add_whole<float, 2000, 256, 256, 2048>();
    add_whole<float, 500, 256, 1024>();
    add_whole<float, 192, 256, 1024>();
    add_whole<float, 256, 192, 1024>();
    add_whole<float, 64, 256, 1024>();
    add_whole<float, 256, 64, 1024>();
    add_whole<float, 250, 256, 2048>();
    add_whole<float, 96, 256, 2048>();
    add_whole<float, 256, 96, 2048>();
    add_whole<float, 32, 256, 2048>();
    add_whole<float, 256, 32, 2048>();
    add_whole<double, 256, 256, 256>();
    add_split<256, 256>();
    add_split<768, 256>();
    benchmark::RegisterBenchmark("whole/256x256x256/dw_added",
                                 bench::matmul_right_gradient<whole<float, 1, 256, 256>, whole<float, 256, 256>, true>);
    return true;
}();

}  // namespace
