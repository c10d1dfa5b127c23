#include "plan_mesh.hpp"

#include <memory>
#include <stdexcept>
#include <string>

#include <shardtype/model/llama.hpp>
#include <shardtype/plan/pins.hpp>
#include <shardtype/runtime.hpp>
#include <shardtype/train/explain.hpp>

namespace st = shardtype;

namespace {

// One strategy for all layers is what is left where every axis has one role.
struct layout_axes {
    st::cluster on;
    st::role_set may[st::max_axes]{};
    char const* name[st::max_axes]{};

    void add(char const* axis, long size, st::role r) {
        if (size == 0) return;
        on.axis_size[on.axes] = static_cast<int>(size);
        may[on.axes] = st::only(r);
        name[on.axes++] = axis;
    }
    explicit layout_axes(layout_spec const& s) {
        add("dp_replicate", s.dp_replicate, st::role::data_parallel);
        add("dp_shard", s.dp_shard,
            s.dp_shard == 1     ? st::role::data_parallel  // of one device: nothing to split
            : s.zero_stage == 3 ? st::role::fully_sharded
            : s.zero_stage == 2 ? st::role::sharded_gradients
                                : st::role::sharded_optimizer);
        add("tp", s.tp, s.plain ? st::role::tensor_parallel : st::role::sequence_parallel);
    }
};

// The first of the blocks recompute, the others do not.
void pin_recomputation(st::detail::planned_case& of, long one_in) {
    long const blocks = st::llama3_debug.layers, again = blocks / one_in;
    auto const pin = [&](long first, long end, bool recomputes) {
        if (first >= end) return;
        st::detail::layer_pin p;
        p.layers.append(("layers." + std::to_string(first) + "-" + std::to_string(end - 1)).c_str());
        p.decides = true, p.recomputes = recomputes;
        st::detail::add_pin(of, p);
    };
    pin(0, again, true);
    pin(again, blocks, false);
}

template <int Axes>
st::model_plan plan_on(layout_axes const& mesh, layout_spec const& s, st::constraints const& bound) {
    // Memory is that of the ranks which train here, with what their kernels take.
    using back_end = st::back_end_of<st::thread::rank_communicators>;
    static auto const planner = std::make_unique<st::run_time_planner<st::llama<st::llama3_debug>, Axes, back_end>>();
    planner->prepare(
        mesh.on, bound,
        {.global = s.global_batch_size, .sequence = s.seq_len, .micro_batches = static_cast<int>(s.micro_batches)},
        st::dtype::f32, s.bfloat16 ? st::dtype::bf16 : st::dtype::f32);
    for (int a = 0; a < Axes; ++a) planner->of.axis_name[a].append(mesh.name[a]);
    if (s.recompute > 0) pin_recomputation(planner->of, s.recompute);
    planner->state();
    st::model_plan const found = planner->find();
    if (st::plan_refusal const why = refusal_of(*planner, found))
        throw std::runtime_error("--layout auto: " + s.name() + ": " + st::explain(why));
    return found;
}

}  // namespace

st::model_plan plan_mesh(layout_spec const& layout, st::hardware const& on, st::constraints bound) {
    layout_axes mesh(layout);
    mesh.on.on = on;
    bound.roles = st::all_roles;
    for (int a = 0; a < mesh.on.axes; ++a) bound.on_axis[a] = mesh.may[a];
    bound.recompute = layout.recompute > 0;
    return mesh.on.axes == 1   ? plan_on<1>(mesh, layout, bound)
           : mesh.on.axes == 2 ? plan_on<2>(mesh, layout, bound)
                               : plan_on<3>(mesh, layout, bound);
}
