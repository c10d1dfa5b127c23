// Attention at the debug Llama's sizes (16 heads of 16), whole, as tensor parallelism leaves it, and wider heads.
//   whole/batch x seq x heads/kv_heads x head_dim on one rank; tp/: 8 ranks at once

#include <string>

#include <shardtype/bench/attention.hpp>
#include <shardtype/rules/operation.hpp>

namespace st = shardtype;
namespace bench = st::bench;

namespace {

template <class Q, class K>
void add(std::string const& name) {
    benchmark::RegisterBenchmark((name + "/forward").c_str(), bench::attention<Q, K>);
    benchmark::RegisterBenchmark((name + "/backward").c_str(), bench::attention_backward<Q, K>);
}

struct one final : st::axis<1> {};
template <class T, long... Extents>
using whole = st::tensor<T, st::shape<Extents...>, st::mesh<one>>;

template <long Batch, long Seq, long Heads, long KvHeads, long Dim, class T = float>
void add_whole() {
    auto const text = [](long n) { return std::to_string(n); };
    add<whole<T, Batch, Seq, Heads, Dim>, whole<T, Batch, Seq, KvHeads, Dim>>(
        std::string("whole/") + (st::same<T, double> ? "double/" : "") + text(Batch) + "x" + text(Seq) + "x" +
        text(Heads) + "/" + text(KvHeads) + "x" + text(Dim));
}

struct ranks final : st::axis<8> {};
using split = st::tensor<float, st::shape<8, 256, 16, 16>, st::mesh<ranks>, st::shard<2, ranks>>;

bool const added = [] {
    add_whole<8, 256, 16, 16, 16>();
    add_whole<8, 256, 2, 2, 16>();
    add_whole<1, 2048, 16, 16, 16>();
    add_whole<1, 2048, 4, 4, 16>();
    add_whole<1, 2048, 2, 2, 16>();
    add_whole<1, 2048, 4, 1, 64>();
    add_whole<1, 2048, 4, 1, 128>();
    add_whole<1, 1000, 4, 4, 24>();
    add_whole<1, 256, 2, 2, 16, double>();
    add<split, split>("tp/8x256x16/16x16");
    return true;
}();

}  // namespace
