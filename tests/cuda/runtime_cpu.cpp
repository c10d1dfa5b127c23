// The CPU's side of runtime.cpp.

#include "runtime_cases.hpp"

#include <shardtype/train/run.hpp>

namespace gpu_cases {

namespace {
template <class Job>
record train_on_cpu() {
    std::vector<record> all(Job::mesh::size);
    st::run<Job>([&](auto& t) { all[static_cast<std::size_t>(t.rank())] = train(t); });
    return all[0];
}
template <class... Jobs>
record one_of(int k, st::type_list<Jobs...>) {
    record (*const all[])() = {&train_on_cpu<Jobs>...};
    return all[k]();
}
}  // namespace

record on_cpu(int k) { return one_of(k, jobs{}); }

}  // namespace gpu_cases
