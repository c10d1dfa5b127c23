// Ranks that share a GPU give the numbers of the float64 reference run, whatever the layout, and the same bits twice.

#include "device_gold.hpp"

TEST_CASE("fully sharded data parallel") { gold::check_shared<layouts::fsdp_8>(); }
TEST_CASE("tensor parallel") { gold::check_shared<layouts::tp_4>(); }
TEST_CASE("data and sequence parallel") { gold::check_shared<layouts::fsdp_2_sp_4>(); }

TEST_CASE("two runs give the same bits") {
    using layout = layouts::fsdp_2_sp_4;
    gold::outcome first, second;
    gold::share<layout>(first);
    gold::share<layout>(second);
    CHECK(first.loss == second.loss);
    CHECK(first.weights.values() == second.weights.values());
}
