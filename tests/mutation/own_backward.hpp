#pragma once

// Two ties of the mutated programs to what they stand for: the written-out backward has the collectives that the
// library's lowering emits, and the derivatives of the interpreter are those of its loss.

#include <cmath>
#include <memory>

#include "mutation/backward.hpp"
#include <shardtype/schedule/lower.hpp>

namespace mutation {

/// How many collectives of each kind run on each axis.
using collective_counts = std::map<std::pair<std::string, int>, int>;

/// What the library's schedule of g starts.
inline collective_counts scheduled(graph const& g) {
    collective_counts out;
    auto const built = std::make_unique<schedule_builder>(detail::lower<library_operations>(g, &detail::no_scratch));
    if (!built->says.legal()) throw std::logic_error("the library refuses to lower the graph");
    std::pair<unsigned, char const*> const kernels_of[] = {{id_of<kernels::all_reduce>, "all_reduce"},
                                                           {id_of<kernels::all_gather>, "all_gather"},
                                                           {id_of<kernels::reduce_scatter>, "reduce_scatter"},
                                                           {id_of<kernels::all_to_all>, "all_to_all"}};
    for (short i = 0; i < built->step_count; ++i) {
        step const& s = built->steps[i];
        if (s.kind != step_kind::collective_start && s.kind != step_kind::materialize) continue;
        for (auto const& [id, name] : kernels_of)
            if (s.kernel == id) ++out[{name, s.axis}];
    }
    return out;
}
/// What the program calls, with the gathers inside materialize and the sum inside a loss of a sharded vocabulary.
inline collective_counts written_out(program const& p) {
    collective_counts out;
    auto const where = run(p).labels;
    for (statement const& s : p.statements) {
        if (s.is == verb::move && s.how.by != call::redistribute) ++out[{name_of(s.how.by), s.how.axis}];
        if (s.is == verb::parameter) {
            auto const path = materialization(layout_of(s.type, p.sizes), layout_of(s.used, p.sizes));
            for (int h = 0; h < path.hops; ++h)
                if (path.path[h].by == collective::all_gather) ++out[{"all_gather", path.path[h].axis}];
        }
        if (s.is == verb::apply && s.rule == "cross_entropy")
            for (int a = 0; a < where.at(s.in[0]).axes; ++a)
                if (where.at(s.in[0]).on[a].is == kind::shard && where.at(s.in[0]).on[a].dim == 2)
                    ++out[{"all_reduce", a}];
    }
    return out;
}

/// The largest relative error of a derivative along a random direction, by central differences on one device. Each
/// parameter by itself; the loss is the last result, the norm the first.
inline double derivative_error(program const& p) {
    outcome const at = run_unsharded(p);
    double const norm = at.results.front().parts[0].v[0], scale = std::min(1.0, largest_norm / norm), h = 1e-5;
    double worst = 0;
    std::size_t k = 0;
    for (statement const& s : p.statements) {
        if (s.is != verb::update) continue;
        array const& change = at.results[1 + k].parts[0];
        ++k;
        simulator::random_source source(k);
        array const direction = simulator::random_like(change, source);
        double along = 0;
        for (std::size_t n = 0; n < change.v.size(); ++n)
            along -= change.v[n] / (learning_rate * scale) * direction.v[n];
        auto const loss = [&](double step) {
            interpreter i(p, std::vector<int>(p.sizes.size(), 1), nullptr);
            i.shift(s.in[0], direction, step);
            return i.run().results.back().parts[0].v[0];
        };
        double const measured = (loss(h) - loss(-h)) / (2 * h);
        worst = std::max(worst, std::abs(measured - along) / std::max(1e-3, std::abs(measured)));
    }
    return worst;
}

}  // namespace mutation
