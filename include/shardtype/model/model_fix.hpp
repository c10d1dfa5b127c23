#pragma once

#include <shardtype/model/read.hpp>
#include <shardtype/rules/report.hpp>

namespace shardtype {

template <long Sequence>
struct position_embedding;

// What an error of a whole model says to write instead, and where.
namespace detail {

/// The layer of a model that failed, by its parameters' scope: one text in g++, its letters in clang, which prints
/// arrays in template arguments as numbers.
#if defined(__clang__)
template <char... Letters>
struct in_layer {};
template <label Where, int... I>
in_layer<Where.data[I]...> spell_layer(int_list<I...>);
template <label Where>
using failed_layer = decltype(spell_layer<Where>(make_ints<Where.size>{}));
#else
template <label Where>
struct in_layer {};
template <label Where>
using failed_layer = in_layer<Where>;
#endif

/// Which of a graph's tables is full.
template <class Checked>
constexpr auto full_table_of() {
    constexpr graph const& g = Checked::value;
    if constexpr (g.strategy.exceptions > model_strategy::max_exceptions) {
        return full_table<tables::max_exceptions, model_strategy::max_exceptions>{};
    } else if constexpr (g.parameter_count == graph::max_parameters) {
        return full_table<tables::max_parameters, graph::max_parameters>{};
    } else if constexpr (g.node_count == graph::max_nodes) {
        return full_table<tables::max_nodes, graph::max_nodes>{};
    } else if constexpr (g.value_count == graph::max_values) {
        return full_table<tables::max_values, graph::max_values>{};
    } else {
        return full_table<tables::label, sizeof(label::data) - 1>{};
    }
}

/// What `element` or `compute` of a job can be beside the other one.
template <class Checked>
constexpr auto element_to_use() {
    constexpr dtype element = Checked::value.element, compute = Checked::value.compute;
    if constexpr (element == dtype::f32) {
        return using_compute<bf16>{};
    } else if constexpr (element == dtype::f64 && compute != dtype::bf16) {
        return using_compute<double>{};
    } else {
        return using_element<float>{};
    }
}

template <class Axis, class... Axes>
constexpr bool is_among(type_list<Axes...>) {
    return (false || ... || same<Axis, Axes>);
}
/// A role, in a list, if it is one of this axis.
template <class Mesh, class Axis, class Role>
constexpr auto if_role_of() {
    if constexpr (!requires { typename Role::axis; }) {
        return type_list<>{};
    } else if constexpr (!is_among<Axis>(typename Mesh::template parts_of<typename Role::axis>{})) {
        return type_list<>{};
    } else {
        return type_list<Role>{};
    }
}
template <class Mesh, class Axis, class... Roles>
constexpr auto roles_among(type_list<Roles...>) {
    return concat_t<decltype(if_role_of<Mesh, Axis, Roles>())...>{};
}
template <class... Roles>
constexpr auto only_several(type_list<Roles...> roles) {
    if constexpr (sizeof...(Roles) > 1) {
        return roles;
    } else {
        return type_list<>{};
    }
}
/// The roles that some layers give to this axis, if they are several.
template <class Mesh, class Axis, class Part>
constexpr auto several_roles_in() {
    if constexpr (requires { typename Part::roles; }) {
        return only_several(roles_among<Mesh, Axis>(typename Part::roles{}));
    } else {
        return type_list<>{};
    }
}
template <class Axis, class... Roles>
constexpr auto choice_of(type_list<Roles...>) {
    if constexpr (sizeof...(Roles) > 0) {
        return only_one_of<Roles...>{};
    } else {
        return one_of<ddp<Axis>, fsdp<Axis>, tensor_parallel<Axis>, sequence_parallel<Axis>>{};
    }
}
/// The roles that were given to this axis, if they are several in one place; else some that it could have.
template <class Mesh, class Axis, class... Parts>
constexpr auto roles_to_choose(strategy<Parts...>*) {
    using of_all = decltype(only_several(roles_among<Mesh, Axis>(type_list<Parts...>{})));
    using of_layers = concat_t<decltype(several_roles_in<Mesh, Axis, Parts>())...>;
    return choice_of<Axis>(concat_t<of_all, of_layers>{});
}

/// What to write instead, in the words of the rules' errors.
template <class Checked, class Job>
struct model_fix {
    static constexpr model_advice instead = Checked::value.instead;
    struct change {
        static constexpr operand_fix value = instead.change;
    };
    struct misfit {
        static constexpr shape_fault value = instead.misfit;
    };
    static constexpr auto spell() {
        using mesh = typename Checked::mesh_type;
        constexpr code what = Checked::value.says.what;
        if constexpr (what == code::micro_batch_rows && Checked::value.micro_batches > 0) {
            constexpr long parts = long{Checked::value.micro_batches} * Checked::value.strategy.whole.batch_parts();
            return write<multiple_of<parts, Job::batch.global>>{};
        } else if constexpr (what == code::capacity) {
            return full_table_of<Checked>();
        } else if constexpr (what == code::roles_of_axes) {
            using axis = typename mesh::template axis_at<Checked::value.says.axis>;
            return write<decltype(roles_to_choose<mesh, axis>(static_cast<typename Job::strategy*>(nullptr)))>{};
        } else if constexpr (what == code::element_of_job) {
            return write<decltype(element_to_use<Checked>())>{};
        } else if constexpr (what == code::positions_of_rows) {
            return write<position_embedding<instead.extent>>{};
        } else if constexpr ((what == code::layers_unknown || what == code::tied_parameter) && instead.name.size > 0) {
            return write<failed_layer<instead.name>>{};
        } else if constexpr (what == code::shapes_disagree && !instead.misfit.fits()) {
            return write<decltype(spelled_shape<misfit>())>{};
        } else if constexpr (what != code::layer_not_divisible &&
                             (what != code::head_dimension || instead.parts == 0)) {
            return typename spelled_fix<change, mesh>::type{};
        } else if constexpr (instead.kv_heads > 0) {
            using axis = typename mesh::template axis_at<Checked::value.says.axis>;
            return write<divided_axis<axis, static_cast<int>(instead.kv_heads)>>{};
        } else {
            return write<multiple_of<instead.parts, instead.extent>>{};
        }
    }
    using type = decltype(spell());
};

/// Where it failed: the layer, or the batch with its numbers.
template <class Checked, class Job>
struct place_of_fault {
    static constexpr label layer = Checked::value.failed_in;
    static constexpr auto spell() {
        if constexpr (Checked::value.says.what == code::micro_batch_rows) {
            return in_batch<of_step::rows<Job::batch.global>, of_step::micro_batches<Job::batch.micro_batches>,
                            of_step::data_ranks<Checked::value.strategy.whole.batch_parts()>>{};
        } else {
            return failed_layer<layer>{};
        }
    }
    using type = decltype(spell());
};

}  // namespace detail

}  // namespace shardtype
