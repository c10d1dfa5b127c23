// The kernels that memory limits, at the debug Llama's sizes (256 columns, 768 in the feed-forward, vocabulary 2000),
// for 256 and 2048 tokens on one rank.

#include <shardtype/bench/operation.hpp>
#include <shardtype/rules/operation.hpp>

namespace st = shardtype;
namespace bench = st::bench;
namespace rules = st::rules;

namespace {

struct one final : st::axis<1> {};
template <class T, long... Extents>
using whole = st::tensor<T, st::shape<Extents...>, st::mesh<one>>;

template <class Rule, class... X>
void add(char const* name) {
    benchmark::RegisterBenchmark((std::string(name) + "/forward").c_str(), bench::forward<Rule, X...>);
    // An addition's backward moves nothing.
    if constexpr (!st::same<Rule, rules::add>)
        benchmark::RegisterBenchmark((std::string(name) + "/backward").c_str(), bench::backward<Rule, X...>);
}

template <class T, long Tokens>
void add_all(std::string const& suffix) {
    using hidden = whole<T, 1, Tokens, 256>;
    using wide = whole<T, 1, Tokens, 768>;
    using ids = whole<int, 1, Tokens>;
    auto const name = [&](char const* kernel) { return kernel + suffix; };
    add<rules::add, hidden, hidden>(name("add").c_str());
    add<rules::swiglu, wide, wide>(name("swiglu").c_str());
    add<rules::rms_norm, hidden, whole<T, 256>>(name("rms_norm").c_str());
    add<rules::rotary, whole<T, 1, Tokens, 16, 16>, whole<T, Tokens, 16>>(name("rotary").c_str());
    add<rules::embedding, ids, whole<T, 2000, 256>>(name("embedding").c_str());
    add<rules::cross_entropy, whole<T, 1, Tokens, 2000>, ids>(name("cross_entropy").c_str());
}

bool const added = [] {
    add_all<float, 256>("/256");
    add_all<float, 2048>("/2048");
    add_all<double, 256>("/double/256");
    return true;
}();

}  // namespace
