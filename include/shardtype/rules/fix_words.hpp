#pragma once

// The words in which failed checks say what to write instead.
namespace shardtype {

/// An argument of a failed check: what the fix costs. The fix comes first there, as operands print hundreds of
/// characters.
template <long Bytes>
struct bytes {};
/// "Redistribute operand Operand (0 the first) to To; forward and backward send Cost bytes per device."
template <int Operand, class To, class Cost>
struct redistribute_operand {};
/// The same with the whole type stated: `redistribute_to<Tensor>(operand)`.
template <int Operand, class Tensor, class Cost>
struct redistribute_operand_to {};
/// A type that stands in the place of another.
template <class Tensor>
struct expected_type {};
/// What an operand must be: of so many dimensions, of this element type, of this extent along a dimension, or of one
/// that divides Of. And how many operands there are.
/// @{
template <int Operand, int Rank>
struct operand_rank {};
template <int Operand, class Element>
struct operand_element {};
template <int Operand, int Dim, long Extent>
struct operand_extent {};
template <int Operand, int Dim, long Of>
struct operand_extent_divides {};
template <int Count>
struct operand_count {};
/// @}
/// In the place of a fix: no redistribution of the operands on this axis is enough.
struct no_single_change {};
/// A multiple of Parts, in the place of Extent.
template <long Parts, long Extent>
struct multiple_of {};
/// The axis in two parts, `major<Axis, Parts>, minor<Axis, Parts>`, in the mesh.
template <class Axis, int Parts>
struct divided_axis {};
/// One call for each group of operands that are split alike.
struct separate_calls {};
/// The call itself is the mistake: the operand is already what it makes.
struct remove_this_call {};
/// The same collective over this axis, where the operand is what it takes.
template <class Axis>
struct over_axis {};
/// The operand given up: `std::move(view)`. What is written in its memory is no longer what the view says.
struct std_move_operand {};
/// Memory of this kind: a pointer, or a span.
template <class Element>
struct pointer_or_span {};
/// Communicators of so many axes: `mesh_communicators`, or one communicator for a mesh of one axis.
template <int Axes>
struct communicators_of {};
/// The second argument of an unchecked conversion.
template <class Backward>
struct backward_is {};
/// Only the minor axis of a dimension's list moves: gather or move Axis first.
template <class Axis>
struct move_first {};
/// One of these roles, for an axis that has none.
template <class... Roles>
struct one_of {};
/// One of these roles, which were all given to one axis.
template <class... Roles>
struct only_one_of {};
/// `using element = Type` or `using compute = Type` of a job.
/// @{
template <class Type>
struct using_element {};
template <class Type>
struct using_compute {};
/// @}
/// The batch of a step, in the place of an operation: its rows, in how many micro-batches they are done, and over how
/// many ranks each of those is split.
/// @{
template <class Rows, class MicroBatches, class DataRanks>
struct in_batch {};
namespace of_step {
template <long Number>
struct rows {};
template <int Number>
struct micro_batches {};
template <int Number>
struct data_ranks {};
}  // namespace of_step
/// @}
/// In the place of a fix: the table of the library that is full, and its room.
template <class Table, int Room>
struct full_table {};
/// The tables, by the names of the constants that hold their room.
namespace tables {
struct max_nodes;       ///< operations of a model, in `graph_values`
struct max_values;      ///< their results, in `graph_values`
struct max_parameters;  ///< in `graph_parameters`
struct max_exceptions;  ///< `in_layers` of a strategy, in `model_strategy`
struct max_steps;       ///< in `schedule_builder`
struct max_buffers;     ///< in `schedule_builder`
struct max_segments;    ///< runs of steps, two or three for each range of trips, in `schedule_builder`
struct max_arguments;   ///< of a step: the sum of squares has one for each group of parameters that are split alike
struct label;           ///< letters of a name with all its parts
}  // namespace tables
/// In front of a fix: what to write instead, all of it.
template <class... Fixes>
struct write {};
/// The mesh axis that the check failed on; void where it is not about one.
template <class Axis>
struct on_axis {};

}  // namespace shardtype
