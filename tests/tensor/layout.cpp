// A layout's offsets against a plain subdivision, on three axes; and the names that logs print.

#include <doctest/doctest.h>

#include <string>

#include <shardtype/tensor/tensor.hpp>

#include "../rules/simulator.hpp"

namespace {
struct my_gpus final : shardtype::axis<2> {};
}  // namespace

TEST_CASE("offsets: each axis of the list, the major one first, cuts what the ones before it left") {
    using namespace simulator;
    long const extent[] = {24, 12};
    int const sizes[] = {2, 3, 2};
    int const orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    int compared = 0;
    for (int const dim : {0, 1})
        for (auto const& axis_at : orders)
            for (int length = 0; length <= 3; ++length) {
                layout x = layout_of(zeros(2, extent), {sizes[0], sizes[1], sizes[2]});
                for (int order = 0; order < length; ++order) {
                    x.on[axis_at[order]] = on_shard(dim);
                    x.on[axis_at[order]].order = static_cast<signed char>(order);
                }
                REQUIRE(fault_of(x).what == code::ok);
                for (int r = 0; r < 12; ++r) {
                    auto const c = coordinates_of(x, r);
                    long begin = 0, size = extent[dim];
                    for (int order = 0; order < length; ++order) {
                        size /= sizes[axis_at[order]];
                        begin += size * c.at[axis_at[order]];
                    }
                    CHECK(x.offset(dim, c.at) == begin);
                    CHECK(x.local(dim) == size);
                    CHECK(x.offset(1 - dim, c.at) == 0);
                    ++compared;
                }
                CHECK(x.local_count() * x.parts(dim) == x.count());
                CHECK(x.outer(dim) * x.local(dim) * x.inner(dim) == x.local_count());
            }
    CHECK(compared == 2 * 6 * 4 * 12);
}

TEST_CASE("the type's offset is the layout's, at the rank's coordinates") {
    using namespace shardtype;
    using grid = mesh<tp<2>, dp_shard<3>>;
    using x = tensor<float, shape<12, 5>, grid, shard<0, dp_shard<3>, tp<2>>>;
    for (int r = 0; r < grid::size; ++r) {
        int const c[] = {r / 3, r % 3};
        CHECK(grid::coordinate(r, 0) == c[0]);
        CHECK(grid::coordinate(r, 1) == c[1]);
        CHECK(x::offset(r, 0) == c[1] * 4 + c[0] * 2);
    }
}

TEST_CASE("an axis prints its own name") {
    CHECK(std::string(shardtype::axis_name<my_gpus>()) == "my_gpus");
    CHECK(std::string(shardtype::axis_name<shardtype::tp<4>>()) == "tp");
}
