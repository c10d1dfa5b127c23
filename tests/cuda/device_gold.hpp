#pragma once

#include "../support/gold.hpp"

#include <shardtype/train/cuda.hpp>

#include <cstdlib>

/// The float64 reference run on a GPU, by ranks that share it.
namespace gold {

inline reference const& its() {
    static reference const r = load();
    return r;
}

template <class Trainer>
void train(Trainer& t, outcome& o) {
    train(t.walk(), its(), its().steps(), o, false,
          [&](st::step_numbers const& n, auto row) { return t.step(n, row); });
}

template <class Layout>
void share(outcome& o) {
    st::cuda::run_sharing<job<Layout>>([&](auto& t) { train(t, o); });
}

template <class Layout>
void check_shared() {
    CAPTURE(Layout::name);
    outcome o;
    share<Layout>(o);
    check_verdict(Layout::name, o, judge(o, its(), its().end), Layout::mesh::size, 10, 21);
}

/// Whether steps are recorded as graphs, which is what happens where nothing is said.
struct graphs {
    explicit graphs(bool on) { setenv("SHARDTYPE_CUDA_GRAPHS", on ? "1" : "0", 1); }
    ~graphs() { unsetenv("SHARDTYPE_CUDA_GRAPHS"); }
};

}  // namespace gold
