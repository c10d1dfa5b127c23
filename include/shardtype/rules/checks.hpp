#pragma once

#include <shardtype/base/type_list.hpp>

namespace shardtype {

/// An argument of a failed check: what the fix costs. The fix comes first there, as operands print hundreds of
/// characters.
template <long Bytes>
struct bytes {};
/// "Redistribute operand Operand (0 the first) to To; forward and backward send Cost bytes per device."
template <int Operand, class To, class Cost>
struct redistribute_operand {};
/// In the place of a fix: no change of one operand on one axis is enough.
struct no_single_change {};
/// The call itself is the mistake: the operand is already what it makes.
struct remove_this_call {};
/// Only the minor axis of a dimension's list moves: gather or move Axis first.
template <class Axis>
struct move_first {};
/// In front of a fix: what to write instead.
template <class Fix>
struct write {};
/// The mesh axis that the check failed on; void where it is not about one.
template <class Axis>
struct on_axis {};

// A numbered check, for this file only. @cond
#define SHARDTYPE_CHECK(number, text)                                                                                  \
    template <class Fix, class Axis, class Operation, class... X>                                                      \
    struct ST_##number {                                                                                               \
        static_assert(never<Fix>, "[ST-" #number "] " text ": see ST_" #number "<fix, axis, operation, operands...>"); \
    }

SHARDTYPE_CHECK(R301, "one axis splits two different factors of an operation");
SHARDTYPE_CHECK(R302,
                "an operand is partial: each rank holds only a summand, and the operation is not linear in it; a "
                "reduction is missing before it");
SHARDTYPE_CHECK(R303, "a factor is split in one operand and whole in another: shard both alike on this axis");
SHARDTYPE_CHECK(R304,
                "an invariant operand meets one that is not: its gradient would miss a reduction; use it as replicate");
SHARDTYPE_CHECK(R305,
                "two operands split a factor over the same axes in different order: each axis alone looks right, the "
                "numbers are wrong");
SHARDTYPE_CHECK(R306, "the operation needs this dimension whole, and it is sharded");
SHARDTYPE_CHECK(R307,
                "a partial operand meets a partial or sharded one: the product of sums is not the sum of products");
SHARDTYPE_CHECK(R308, "a partial operand is added to one that is not: the other would be counted once per rank");
SHARDTYPE_CHECK(R309, "the operands' number, shapes or element types do not fit the operation");
SHARDTYPE_CHECK(R310, "the operands live on different meshes");
SHARDTYPE_CHECK(R311,
                "reshape would split or merge a sharded dimension that is not the outermost of its group: the parts "
                "would interleave");
SHARDTYPE_CHECK(R312, "reshape to a shape with another number of elements");
SHARDTYPE_CHECK(C401,
                "a reduction needs a partial operand: this one is already summed, and would be counted once per rank");
SHARDTYPE_CHECK(C402, "only the minor axis of a dimension's list may be gathered, scattered or moved");
SHARDTYPE_CHECK(C403, "no path of redistributions leads from this placement to that one");
SHARDTYPE_CHECK(C404, "an all_gather or all_to_all needs a sharded operand");
SHARDTYPE_CHECK(G501, "the gradient given is not of the gradient type of the result: expected first, given second");
SHARDTYPE_CHECK(G502,
                "a gradient is not of the stored parameter's gradient type: a reduction over this axis is missing or "
                "doubled");
SHARDTYPE_CHECK(S601, "stored state is shard or invariant, never replicate or partial");
SHARDTYPE_CHECK(S602, "the loss must be invariant or partial on every axis: a replicated loss counts once per rank");
SHARDTYPE_CHECK(S603,
                "a repeated layer gives another layout than it takes: end it in the placements that it began with");
SHARDTYPE_CHECK(S604,
                "the model or its schedule is larger than the library's tables (graph::max_nodes, "
                "schedule_builder::max_steps, ...)");
SHARDTYPE_CHECK(S605, "a repeat inside a repeat: write the inner layers out");
SHARDTYPE_CHECK(S606, "a collective's start has no wait in its segment, or the reverse");
SHARDTYPE_CHECK(S607, "a gathered parameter is used after its release");
SHARDTYPE_CHECK(S608,
                "a tensor of this layer does not divide evenly over the axis: heads, kv heads, width, vocabulary, "
                "sequence and batch must be multiples of the axes that split them");

SHARDTYPE_CHECK(
    S609,
    "a repeat's layers use a value from outside, or a value of theirs is used after it: only the repeat's own "
    "input and result cross its border");
SHARDTYPE_CHECK(S610, "the width of the model must be an even multiple of the number of heads");
SHARDTYPE_CHECK(S611, "a model ends in its loss: cross_entropy is the last operation, and nothing comes after it");
SHARDTYPE_CHECK(S612, "a value or a parameter of this layer is used by nothing: it would have no gradient");
SHARDTYPE_CHECK(S613, "a job computes in float or double: `using element`");
SHARDTYPE_CHECK(S614, "a repeat has 1 to 32000 trips");
SHARDTYPE_CHECK(S615,
                "an operation of the model has no lowering in the job's `operations`, or two of them share a name");
SHARDTYPE_CHECK(S616,
                "every axis of more than one device has exactly one role in the strategy: without one its ranks would "
                "all do the same work");

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
