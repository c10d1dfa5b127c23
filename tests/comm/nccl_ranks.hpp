#pragma once

#include <shardtype/comm/nccl/world.hpp>

#include <string>
#include <thread>
#include <vector>

namespace lab {

/// f(rank_communicators&) on a thread for each rank, with a world and a device of its own. @returns what each threw
template <class F>
std::vector<std::string> run_each(std::vector<int> const& sizes, shardtype::nccl::options with, F f) {
    int n = 1;
    for (int const s : sizes) n *= s;
    ncclUniqueId const id = shardtype::nccl::unique_id();
    std::vector<std::string> said(static_cast<std::size_t>(n));
    std::vector<std::thread> threads;
    for (int r = 0; r < n; ++r)
        threads.emplace_back([&, r] {
            try {
                (void)cudaSetDevice(r);
                shardtype::nccl::world ranks(id, r, sizes.data(), static_cast<int>(sizes.size()), 4, with);
                ranks.run(f);
            } catch (std::exception const& error) {
                said[static_cast<std::size_t>(r)] = error.what();
            }
        });
    for (auto& t : threads) t.join();
    return said;
}

/// The same, the first message.
template <class F>
std::string run(std::vector<int> const& sizes, shardtype::nccl::options with, F f) {
    for (std::string const& line : run_each(sizes, with, f))
        if (!line.empty()) return line;
    return "";
}

}  // namespace lab
