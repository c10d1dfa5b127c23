#pragma once

#include <shardtype/model/checked.hpp>
#include <shardtype/schedule/arena.hpp>
#include <shardtype/schedule/check_gradients.hpp>
#include <shardtype/schedule/dead_steps.hpp>
#include <shardtype/schedule/full_table.hpp>
#include <shardtype/schedule/lifetimes.hpp>
#include <shardtype/schedule/lower_attention.hpp>
#include <shardtype/schedule/lower_dense.hpp>
#include <shardtype/schedule/lower_loop.hpp>
#include <shardtype/schedule/lower_loss.hpp>
#include <shardtype/schedule/lower_optimizer.hpp>
#include <shardtype/schedule/overlap.hpp>
#include <shardtype/schedule/releases.hpp>

namespace shardtype {

/// The operations that the library lowers; a job adds its own in `using operations = type_list<...>`.
using library_operations =
    type_list<rules::matmul, rules::linear, rules::embedding, rules::rms_norm, rules::rotary, rules::attention,
              rules::swiglu, rules::add, rules::cross_entropy, rules::layer_norm, rules::gelu, rules::bias,
              rules::positions, graph_operation::materialize, graph_operation::redistribute, graph_operation::reshape,
              graph_operation::loop_begin, graph_operation::loop_end, graph_operation::rotary_table>;

namespace detail {

template <class... Operations>
constexpr void lower_node(type_list<Operations...>, lowerer& l, node const& n, bool backward) {
    int found = 0;
    ((found += n.operation == id_of<Operations> ? 1 : 0), ...);
    if (found != 1) {
        l.b.fail(code::no_lowering);
        return;
    }
    (void)((n.operation == id_of<Operations> &&
            (backward ? lowering<Operations>::backward(l, n) : lowering<Operations>::forward(l, n), true)) ||
           ...);
}

/// What a back end without kernels says: no scratch. For programs that only check and lay out.
constexpr long no_scratch(step const&) { return 0; }

constexpr bool at_set_up(node const& n) { return n.operation == id_of<graph_operation::rotary_table>; }

/// The forward of a region's nodes once more, in backward.
template <class Operations>
constexpr void replay(lowerer& l, short region) {
    l.replaying = true;
    for (short i = 0; i < l.g.node_count; ++i)
        if (l.g.nodes[i].region == region && !at_set_up(l.g.nodes[i])) lower_node(Operations{}, l, l.g.nodes[i], false);
    l.replaying = false;
}

/// All but the arena.
template <class Operations>
constexpr schedule_builder lower_steps(graph const& g, scratch_bound scratch, room_bound room = nullptr) {
    schedule_builder b;
    if (!g.ok()) return b;  // reported by checked<Job>
    lowerer l(g, b, scratch, room);
    b.micro_batches = g.micro_batches > 1;
    lower_state(g, b);
    short const inputs[] = {g.tokens, g.targets};
    for (short v : inputs) l.where[v] = {b.add_buffer(l.lay(v).local_bytes(), buffer_class::input), 0};
    b.at.tokens = l.where[g.tokens].buffer;
    b.at.targets = l.where[g.targets].buffer;
    b.open(1, false, segment_kind::set_up);
    for (short i = 0; i < g.node_count; ++i)
        if (at_set_up(g.nodes[i])) lower_node(Operations{}, l, g.nodes[i], false);
    lower_kept_weights(l);
    b.open(1, false, segment_kind::forward);
    for (short i = 0; i < g.node_count; ++i)
        if (!at_set_up(g.nodes[i])) lower_node(Operations{}, l, g.nodes[i], false);
    l.loss = l.where[g.loss];
    b.open(1, false, segment_kind::backward);
    gradient_uses const uses(l);
    short region = 0;  // that was made again last
    for (short i = static_cast<short>(g.node_count - 1); i >= 0 && b.says.legal(); --i) {
        node const& n = g.nodes[i];
        if (at_set_up(n)) continue;
        if (n.region != 0 && n.region != region) replay<Operations>(l, n.region);
        region = n.region;
        uses.check(l, n.out);
        if (b.says.legal()) lower_node(Operations{}, l, n, true);
    }
    if (!b.says.legal()) return b;
    lower_optimizer(l);
    b.close();
    if (g.regions > 0) drop_dead_steps(b);
    return b;
}

/// The steps in the order in which they run; a part of the segments at a time.
constexpr schedule_builder order_steps(schedule_builder b, bool overlap, int part = 0, int parts = 1) {
    if (overlap && b.says.legal()) overlap_collectives(b, part, parts);
    return b;
}
/// With releases, and how long buffers live.
constexpr schedule_builder finish_steps(schedule_builder b, long staging) {
    if (!b.says.legal() || b.step_count == 0) return b;
    if (staging > 0 && b.at.slots > 0) b.at.staging = b.add_buffer(staging, buffer_class::constant);
    add_releases(b);
    if (b.says.legal()) check_steps(b);
    find_lifetimes(b);
    return b;
}
template <class Operations>
constexpr schedule_builder lower(graph const& g, scratch_bound scratch, bool overlap = true, long staging = 0,
                                 room_bound room = nullptr) {
    schedule_builder b = finish_steps(order_steps(lower_steps<Operations>(g, scratch, room), overlap), staging);
    if (g.ok() && b.says.legal()) place_buffers(b, lay_out_arena(b));
    return b;
}

template <int S, int B, int G, int P>
constexpr schedule<S, B, G, P> trim(schedule_builder const& b, arena_layout const& arena) {
    schedule<S, B, G, P> out;
    for (int i = 0; i < S; ++i) out.steps[i] = b.steps[i];
    for (int i = 0; i < B; ++i) out.buffers[i] = b.buffers[i], out.buffers[i].offset = arena.offset[i];
    for (int i = 0; i < G; ++i) out.segments[i] = b.segments[i];
    for (int i = 0; i < P; ++i) out.parameters[i] = b.parameters[i];
    out.at = b.at;
    out.at.arena_bytes = arena.bytes;
    out.at.live_bytes = arena.live_bytes;
    return out;
}

template <class Job>
struct operations_of {
    using type = library_operations;
};
template <class Job>
    requires requires { typename Job::operations; }
struct operations_of<Job> {
    using type = concat_t<typename Job::operations, library_operations>;
};

template <class BackEnd>
constexpr long staging_of(int) {
    return 0;
}
template <class BackEnd>
    requires requires { BackEnd::staging_bytes(1); }
constexpr long staging_of(int axes) { return BackEnd::staging_bytes(axes); }
template <class BackEnd>
inline constexpr room_bound room_of = nullptr;
template <class BackEnd>
    requires requires { BackEnd::room; }
inline constexpr room_bound room_of<BackEnd> = BackEnd::room;

template <class Job>
inline constexpr bool overlaps = Job::mesh::size > 1;
template <class Job>
    requires requires { Job::overlap; }
inline constexpr bool overlaps<Job> = Job::overlap;
}  // namespace detail

/// Stands for a back end where only types are at hand: without any scratch, so the arena is a lower bound.
struct buffers_only {
    static constexpr scratch_bound scratch = &detail::no_scratch;  ///< 0 bytes for every step
};

/// A job lowered to its schedule: what one rank walks, every buffer at its place. BackEnd bounds the scratch of its
/// kernels, and where it has `staging_bytes` or `room`, what its collectives take: `cpu_back_end`, `mpi_back_end`, or
/// `buffers_only` where only types are at hand.
/// @snippet 05_chain.cpp memory
template <class Job, class BackEnd>
struct lowered {
    using operations = typename detail::operations_of<Job>::type;  ///< those of the job and of the library

  private:
    // Each a constant of its own: compilers count the steps of one.
    static constexpr schedule_builder written =
        detail::lower_steps<operations>(checked<Job>::value, BackEnd::scratch, detail::room_of<BackEnd>);
    static constexpr bool moves = detail::overlaps<Job>;
    static constexpr schedule_builder moved_1 = detail::order_steps(written, moves, 0, 3),
                                      moved_2 = detail::order_steps(moved_1, moves, 1, 3),
                                      in_order = detail::order_steps(moved_2, moves, 2, 3);

  public:
    /// Before it is cut to size, and without places.
    static constexpr schedule_builder built =
        detail::finish_steps(in_order, detail::staging_of<BackEnd>(Job::mesh::axes));

  private:
    static constexpr arena_layout ordered = begin_layout(built), try_1 = better_layout(built, ordered),
                                  try_2 = better_layout(built, try_1), try_3 = better_layout(built, try_2),
                                  try_4 = better_layout(built, try_3), try_5 = better_layout(built, try_4),
                                  try_6 = better_layout(built, try_5), try_7 = better_layout(built, try_6),
                                  arena = better_layout(built, try_7);
    static constexpr auto fix() {
        if constexpr (built.says.what == code::capacity)
            return detail::full_table_of_schedule<written.says.legal(), built.step_count, built.buffer_count,
                                                  built.segment_count>();
        else
            return no_single_change{};
    }
    static constexpr bool check() {
        if constexpr (checked<Job>::value.ok() && !built.says.legal())
            detail::failed<decltype(detail::report<built.says.what, decltype(fix()), on_axis<void>, Job>())>();
        return true;
    }
    static_assert(check());
    static constexpr int room(int n) { return n > 0 ? n : 1; }  // no array of size 0 where a job was refused

  public:
    /// False where an error was reported.
    static constexpr bool accepted = checked<Job>::value.ok() && built.says.legal();
    /// The `schedule`.
    static constexpr auto value = detail::trim<room(built.step_count), room(built.buffer_count),
                                               room(built.segment_count), room(built.parameter_count)>(built, arena);
    static constexpr long arena_bytes = value.at.arena_bytes;  ///< one allocation of one rank
};

}  // namespace shardtype
