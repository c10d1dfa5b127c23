#pragma once

namespace shardtype {

/// Every numbered diagnostic. The letter names the layer: M mesh, P placement, T tensor, R rule, C redistribution,
/// G gradient, S schedule, J job. docs/errors.md has one entry per number.
enum class code : unsigned char {
    ok,
    mesh_axis_twice,         // M001
    mesh_axis_size,          // M002
    mesh_axis_unknown,       // M003
    mesh_axis_division,      // M004
    mesh_axis_parts,         // M005
    not_canonical,           // P101
    axis_placed_twice,       // P102
    shard_dimension,         // P103
    not_divisible,           // T201
    not_a_tensor,            // T202
    extent_below_one,        // T203
    two_factors,             // R301
    partial_operand,         // R302
    factor_in_one_operand,   // R303
    invariant_mixed,         // R304
    factor_order,            // R305
    whole_factor_sharded,    // R306
    partial_twice,           // R307
    partial_plus_other,      // R308
    shapes_disagree,         // R309
    meshes_differ,           // R310
    reshape_of_shard,        // R311
    reshape_extents,         // R312
    no_kernel,               // R313
    padded_operand,          // R314
    not_partial,             // C401
    not_minor_axis,          // C402
    no_conversion,           // C403
    not_sharded,             // C404
    view_room,               // C405
    unchecked_operand,       // C406
    view_kept,               // C407
    view_memory,             // C408
    collective_target,       // C409
    gradient_type,           // G501
    gradient_not_stored,     // G502
    gradient_lost,           // G503
    norm_group,              // G504
    stored_placement,        // S601
    loss_placement,          // S602
    repeat_changes_layout,   // S603
    capacity,                // S604
    nested_repeat,           // S605
    collective_pairing,      // S606
    use_after_release,       // S607
    layer_not_divisible,     // S608
    across_repeat,           // S609
    head_dimension,          // S610
    no_loss_at_the_end,      // S611
    used_by_nothing,         // S612
    element_of_job,          // S613
    trips_of_repeat,         // S614
    no_lowering,             // S615
    roles_of_axes,           // S616
    gradient_contributions,  // S617
    layers_unknown,          // S618
    micro_batch_rows,        // S619
    tied_parameter,          // S620
    wide_gradient,           // S621
    positions_of_rows,       // S622
    job_size,                // J701
    job_degree,              // J702
    job_degree_not_there,    // J703
    job_world_size,          // J704
    job_global_batch,        // J705
    job_head_dimension,      // J706
    job_kv_heads_of_heads,   // J707
    job_sequence,            // J708
    job_heads,               // J709
    job_kv_heads,            // J710
    job_ffn,                 // J711
    job_vocabulary,          // J712
    job_dim,                 // J713
    job_kv_columns,          // J714
    job_memory,              // J715
    file_key,                // J716
    file_value,              // J717
    file_missing,            // J718
    file_syntax,             // J719
    plan_memory,             // J720
    plan_share,              // J721
    plan_pinned,             // J722
    plan_layers_unknown,     // J723
    plan_layer,              // J724
    plan_room,               // J725
    plan_job,                // J726
    plan_pin,                // J727
    plan_bounds,             // J728
    plan_mesh_pins,          // J729
};

}  // namespace shardtype
