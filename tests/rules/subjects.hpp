#pragma once

// The operations that the oracle examines: the rule, its definition on arrays, and extents.

#include <set>

#include <shardtype/rules/operations.hpp>

#include "reference.hpp"

namespace oracle {

using namespace shardtype;

struct subject {
    char const* name;
    rule is;
    reference::operation on_arrays;
    std::vector<std::vector<long>> extents;
    std::vector<long> result;
    int ids = -1;  ///< the operand of integers, below `classes`
    int classes = 0;
    std::set<std::string> refused{};  ///< right on one axis, and refused all the same: for want of a kernel
    /// Dimensions (operand, dimension; operand, dimension) that could differ, and the kernel takes equal.
    std::vector<std::array<std::size_t, 4>> equal{};
};

/// All extents divide by 2, 3 and 6, most with odd parts. In the last three the axes outnumber the kv heads.
inline std::vector<subject> const subjects{
    {"matmul", rules::matmul::value, {reference::matmul, reference::matmul_gradient}, {{6, 18}, {18, 6}}, {6, 6}},
    {"linear", rules::linear::value, {reference::linear, reference::linear_gradient}, {{6, 6, 18}, {6, 18}}, {6, 6, 6}},
    {"embedding",
     rules::embedding::value,
     {reference::embedding, reference::embedding_gradient},
     {{6, 6}, {18, 6}},
     {6, 6, 6},
     0,
     18},
    {"rms_norm",
     rules::rms_norm::value,
     {reference::rms_norm, reference::rms_norm_gradient},
     {{6, 6, 12}, {12}},
     {6, 6, 12}},
    {"layer_norm",
     rules::layer_norm::value,
     {reference::layer_norm, reference::layer_norm_gradient},
     {{6, 6, 12}, {12}, {12}},
     {6, 6, 12}},
    {"rotary",
     rules::rotary::value,
     {reference::rotary, reference::rotary_gradient},
     {{6, 6, 6, 12}, {6, 12}},
     {6, 6, 6, 12},
     -1,
     0,
     {"S(1) S(0)", "S(3) S(1)"}},
    {"rotary, odd",  // half of six is three: half a pair
     rules::rotary::value,
     {reference::rotary, reference::rotary_gradient},
     {{2, 2, 2, 6}, {2, 6}},
     {2, 2, 2, 6},
     -1,
     0,
     {"S(1) S(0)", "S(3) S(1)"}},
    {"attention",
     rules::attention::value,
     {reference::attention, reference::attention_gradient},
     {{6, 6, 12, 6}, {6, 6, 6, 6}, {6, 6, 6, 6}},
     {6, 6, 12, 6},
     -1,
     0,
     {"R R S(3)"},
     {{0, 3, 2, 3}}},
    {"swiglu",
     rules::swiglu::value,
     {reference::swiglu, reference::swiglu_gradient},
     {{6, 6, 18}, {6, 6, 18}},
     {6, 6, 18}},
    {"gelu", rules::gelu::value, {reference::gelu, reference::gelu_gradient}, {{6, 6, 18}}, {6, 6, 18}},
    {"bias", rules::bias::value, {reference::bias, reference::bias_gradient}, {{6, 6, 18}, {18}}, {6, 6, 18}},
    {"positions",
     rules::positions::value,
     {reference::positions, reference::positions_gradient},
     {{6, 6, 18}, {6, 18}},
     {6, 6, 18}},
    {"add", rules::add::value, {reference::add, reference::add_gradient}, {{6, 6, 18}, {6, 6, 18}}, {6, 6, 18}},
    {"cross_entropy",
     rules::cross_entropy::value,
     {reference::cross_entropy, reference::cross_entropy_gradient},
     {{6, 6, 18}, {6, 6}},
     {},
     1,
     18},
    {"attention 3 kv",
     rules::attention::value,
     {reference::attention, reference::attention_gradient},
     {{2, 3, 12, 2}, {2, 3, 3, 2}, {2, 3, 3, 2}},
     {2, 3, 12, 2},
     -1,
     0,
     {"R R S(3)"},
     {{0, 3, 2, 3}}},
    {"attention 2 kv",
     rules::attention::value,
     {reference::attention, reference::attention_gradient},
     {{2, 3, 12, 2}, {2, 3, 2, 2}, {2, 3, 2, 2}},
     {2, 3, 12, 2},
     -1,
     0,
     {"R R S(3)"},
     {{0, 3, 2, 3}}},
    {"attention 1 kv",
     rules::attention::value,
     {reference::attention, reference::attention_gradient},
     {{2, 3, 12, 2}, {2, 3, 1, 2}, {2, 3, 1, 2}},
     {2, 3, 12, 2},
     -1,
     0,
     {"R R S(3)"},
     {{0, 3, 2, 3}}},
};

inline simulator::array of_extents(std::vector<long> const& extents) {
    return simulator::zeros(static_cast<int>(extents.size()), extents.data());
}

}  // namespace oracle
