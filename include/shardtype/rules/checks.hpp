#pragma once

#include <shardtype/base/code.hpp>
#include <shardtype/base/type_list.hpp>
#include <shardtype/rules/fix_words.hpp>

namespace shardtype {

namespace detail {
/// The check struct of a code.
template <code What>
struct check_of;
}  // namespace detail

// A numbered check, for this file only. @cond
#define SHARDTYPE_CHECK(number, name, text)                                                                            \
    template <class Fix, class Axis, class Operation, class... X>                                                      \
    struct ST_##number {                                                                                               \
        static_assert(never<Fix>, "[ST-" #number "] " text ": see ST_" #number "<fix, axis, operation, operands...>"); \
    };                                                                                                                 \
    template <>                                                                                                        \
    struct detail::check_of<code::name> {                                                                              \
        template <class Fix, class Axis, class Operation, class... X>                                                  \
        using with = ST_##number<Fix, Axis, Operation, X...>;                                                          \
    }

SHARDTYPE_CHECK(R301, two_factors,
                "one axis splits two different factors of an operation (a weight in shards of a data axis is gathered "
                "first, by materialize)");
SHARDTYPE_CHECK(R302, partial_operand,
                "an operand is partial: each rank holds only a summand, and the operation is not linear in it; a "
                "reduction is missing before it");
SHARDTYPE_CHECK(R303, factor_in_one_operand,
                "a factor is split in one operand and whole in another: shard both alike on this axis");
SHARDTYPE_CHECK(R304, invariant_mixed,
                "an invariant operand meets one that is not: its gradient would miss a reduction; use it as replicate");
SHARDTYPE_CHECK(R305, factor_order,
                "two operands split a factor over the same axes in different order: each axis alone looks right, the "
                "numbers are wrong");
SHARDTYPE_CHECK(R306, whole_factor_sharded, "the operation needs this dimension whole, and it is sharded");
SHARDTYPE_CHECK(R307, partial_twice,
                "a partial operand meets a partial or sharded one: the product of sums is not the sum of products");
SHARDTYPE_CHECK(R308, partial_plus_other,
                "a partial operand is added to one that is not: the other would be counted once per rank");
SHARDTYPE_CHECK(R309, shapes_disagree, "the operands' number, shapes or element types do not fit the operation");
SHARDTYPE_CHECK(R310, meshes_differ, "the operands live on different meshes");
SHARDTYPE_CHECK(R311, reshape_of_shard,
                "reshape would split or merge a sharded dimension that is not the outermost of its group: the parts "
                "would interleave");
SHARDTYPE_CHECK(R312, reshape_extents, "reshape to a shape with another number of elements");
SHARDTYPE_CHECK(
    R313, no_kernel,
    "right, but there is no kernel for it: the operation's kernel takes this dimension whole, and a started "
    "collective an axis that the mesh does not divide");
SHARDTYPE_CHECK(R314, padded_operand,
                "the parts of an operand are padded, which only stored state and redistributions know of: gather it "
                "first");
SHARDTYPE_CHECK(
    C401, not_partial,
    "a reduction needs an operand that is partial on this axis: one that is summed already would be counted once "
    "per rank");
SHARDTYPE_CHECK(C402, not_minor_axis, "only the minor axis of a dimension's list may be gathered, scattered or moved");
SHARDTYPE_CHECK(C403, no_conversion, "a redistribution does not give the layout that its types say");
SHARDTYPE_CHECK(C404, not_sharded, "an all_gather or all_to_all needs a sharded operand");
SHARDTYPE_CHECK(C405, view_room,
                "a collective on a view needs memory for its result: it does not fit the view's own, or the view is "
                "read only");
SHARDTYPE_CHECK(C406, unchecked_operand,
                "an unchecked conversion's operand is not placed as its name says, or its backward is another one");
SHARDTYPE_CHECK(C407, view_kept,
                "a collective in place changes the memory of a view that could be used again, and would then be "
                "counted twice: write std::move(view), or give a destination");
SHARDTYPE_CHECK(C408, view_memory,
                "a view needs a pointer to elements of the tensor's type, or a span of them, and a communicator for "
                "each axis of its mesh");
SHARDTYPE_CHECK(C409, collective_target, "the target of a collective is to_invariant or to_replicate");
SHARDTYPE_CHECK(G501, gradient_type, "the gradient given is not of the gradient type of the result");
SHARDTYPE_CHECK(G502, gradient_not_stored,
                "a gradient is not of the stored parameter's gradient type: a reduction over this axis is missing or "
                "doubled");
SHARDTYPE_CHECK(
    G503, gradient_lost,
    "of two, one is constant and the other is not, or what is constant is differentiated: a gradient would be lost");
SHARDTYPE_CHECK(
    G504, norm_group,
    "gradients that are split over different axes in one sum of squares: what is whole would be counted once per rank");
SHARDTYPE_CHECK(S601, stored_placement, "stored state is shard or invariant, never replicate or partial");
SHARDTYPE_CHECK(S602, loss_placement,
                "the loss must be invariant or partial on every axis: a replicated loss counts once per rank");
SHARDTYPE_CHECK(S603, repeat_changes_layout,
                "a repeated layer gives another layout than it takes: end it in the placements that it began with");
SHARDTYPE_CHECK(
    S604, capacity,
    "the model or its schedule is larger than a table of the library; full_table<table, room> names it: fewer "
    "ranges of trips in `in_layers`, or `static constexpr bool overlap = false` in the job, take less");
SHARDTYPE_CHECK(S605, nested_repeat, "a repeat inside a repeat: write the inner layers out");
SHARDTYPE_CHECK(S606, collective_pairing, "a collective's start, wait and finish are not all in its segment, in order");
SHARDTYPE_CHECK(S607, use_after_release, "a gathered parameter is used after its release");
SHARDTYPE_CHECK(S608, layer_not_divisible,
                "a tensor of this layer does not divide evenly over the axis: heads, kv heads, width, vocabulary, "
                "sequence and batch must be multiples of the axes that split them");

SHARDTYPE_CHECK(
    S609, across_repeat,
    "a repeat's layers use a value from outside, or a value of theirs is used after it: only the repeat's own "
    "input and result cross its border");
SHARDTYPE_CHECK(S610, head_dimension,
                "the width of the model must be an even multiple of the number of heads, and that a multiple of the "
                "number of kv heads");
SHARDTYPE_CHECK(S611, no_loss_at_the_end,
                "a model ends in its loss: cross_entropy is the last operation, and nothing comes after it");
SHARDTYPE_CHECK(S612, used_by_nothing,
                "a value or a parameter of this layer is used by nothing: it would have no gradient");
SHARDTYPE_CHECK(
    S613, element_of_job,
    "a job's state is in float or double (`using element`), and so are its activations, but that they may be "
    "in bf16 beside a float state (`using compute = bf16`)");
SHARDTYPE_CHECK(S614, trips_of_repeat, "a repeat has 1 to 32000 trips");
SHARDTYPE_CHECK(S615, no_lowering,
                "an operation of the model has no lowering in the job's `operations`, or two of them share a name");
SHARDTYPE_CHECK(
    S616, roles_of_axes,
    "every axis of more than one device has exactly one role in a strategy, and in one `in_layers` at most "
    "one; one_of<...>: this axis has none, and its ranks would all do the same work; only_one_of<...>: it was "
    "given these");
SHARDTYPE_CHECK(S617, gradient_contributions,
                "in backward a value's gradient does not get one contribution from each use of the value: a lowering "
                "leaves one out or adds one twice, or an operation takes a value that has a gradient as a constant");
SHARDTYPE_CHECK(S618, layers_unknown,
                "`in_layers` names no layer of the model, or a trip that its repeat does not have; the name that was "
                "written stands in the layer's place, one that there is in that of the fix");
SHARDTYPE_CHECK(
    S619, micro_batch_rows,
    "`batch_shape::micro_batches` is at least 1 and divides `global`, and the axes that split the batch divide "
    "the rows of a micro-batch: all have the same number of rows on each rank");
SHARDTYPE_CHECK(S620, tied_parameter,
                "a tied parameter (its name stands in the layer's place) must be declared before, under this whole "
                "name, and neither it nor its second use be in a repeat; where an axis is shown, it splits the "
                "parameter for one of the two layers only");
SHARDTYPE_CHECK(
    S621, wide_gradient,
    "where `compute` is bf16, gradients of parameters are float and all others bf16: an operation's weights "
    "(`rule::weight`) are parameters as they are, neither redistributed nor reshaped, and no other operand "
    "is one");
SHARDTYPE_CHECK(
    S622, positions_of_rows,
    "rows of the batch are longer or shorter than the model's table of positions: `batch_shape::sequence` is "
    "position_embedding's number, `gpt2_config::sequence`");

#undef SHARDTYPE_CHECK
// @endcond

namespace detail {
/// Raises Check. Call it unevaluated, `failed<decltype(raise<...>())>()`: then the operation that raised it still gives
/// a constant (clang reports every evaluated use of a failed expression as an error of its own).
template <class Check>
constexpr auto raise() {
    (void)sizeof(Check);
    return 0;
}
}  // namespace detail

}  // namespace shardtype
