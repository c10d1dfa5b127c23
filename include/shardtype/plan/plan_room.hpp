#pragma once

#include <shardtype/plan/text_sink.hpp>
#include <shardtype/plan/units.hpp>

namespace shardtype {

/// A room of the planner that can be too small for a job.
enum class plan_room : unsigned char {
    none,
    no_layers,   ///< the model is empty
    first_name,  ///< the first layer has no name
    repeats,     ///< equal layers stand in two places
    units,
    pins,
    stretches,  ///< of trips that pins treat otherwise, at run time
    masks,      ///< of pins that a layer's ways keep to, when a fault is looked for
    parameters,
    ways,
    blocks,
    options,
    exceptions,
    layers,
    sums,
    meshes
};

namespace detail {

/// A room in the words of ST_J725: what to write, and the constant that holds it.
struct room_words {
    char const* write = "";
    char const* table = "";
};
constexpr room_words words_of(plan_room r) {
    switch (r) {
        case plan_room::no_layers:
            return {"named_layers", ""};
        case plan_room::first_name:
            return {"name_first_layer", ""};
        case plan_room::repeats:
            return {"one_repeat", ""};
        case plan_room::units:
            return {"fewer_layers", "max_units"};
        case plan_room::pins:
            return {"fewer_pins", "max_pins"};
        case plan_room::stretches:
            return {"fewer_pins", "Stretches"};
        case plan_room::masks:
            return {"fewer_pins", "max_masks"};
        case plan_room::meshes:
            return {"a smaller world_size", "max_meshes"};
        case plan_room::parameters:
            return {"fewer_layers", "max_parameters"};
        case plan_room::ways:
            return {"fewer_roles", "options_room"};
        case plan_room::blocks:
            return {"fewer_roles", "block_options"};
        case plan_room::options:
            return {"fewer_roles", "options_of_layer"};
        case plan_room::exceptions:
            return {"fewer_roles", "max_exceptions"};
        case plan_room::layers:
            return {"fewer_layers", "max_layers"};
        default:
            return {"fewer_layers", "sum_of_times"};
    }
}
/// What a model's own layers leave no room for.
constexpr plan_room room_of_units(unit_list const& units) {
    if (units.repeats > 1) return plan_room::repeats;
    if (units.complete) return units.count == 0 ? plan_room::no_layers : plan_room::none;
    bool full = units.count == unit_list::max_units;
    for (model_unit const& u : units.unit) full = full || u.leaves == model_unit::max_leaves;
    return full ? plan_room::units : plan_room::first_name;
}
/// Which room a chain that is not complete was too large for.
template <class Problem>
constexpr plan_room room_of_chain(Problem const& problem) {
    return problem.blocks_fit ? plan_room::options : plan_room::blocks;
}
/// The line of a room that is too small.
constexpr void put_full_room(text_sink& out, plan_room r, long holds) {
    room_words const w = words_of(r);
    out.put("the planner has no room for this job, or cannot tell its layers apart: ");
    if (w.table[0] != 0) out.put(w.table), out.put(" is "), put_number(out, holds, false), out.put("; ");
    out.put("write "), out.put(w.write), out.put(" [ST-J725]");
}

}  // namespace detail
}  // namespace shardtype
