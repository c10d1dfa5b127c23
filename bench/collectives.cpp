// Collectives among 2 and 8 thread ranks; the size is the larger of what a rank gives and gets.

#include <string>

#include <shardtype/bench/collective.hpp>

namespace st = shardtype;
namespace bench = st::bench;

namespace {

template <int N>
struct ranks final : st::axis<N> {};

template <class Which, class T, int N, long... Bytes>
void add(char const* name) {
    auto const text = [](long bytes) {
        return bytes % 1024 != 0   ? std::to_string(bytes / 1'000'000) + "MB"
               : bytes < (1 << 20) ? std::to_string(bytes >> 10) + "KiB"
                                   : std::to_string(bytes >> 20) + "MiB";
    };
    (benchmark::RegisterBenchmark((name + ("/" + text(Bytes)) + "/ranks:" + std::to_string(N)).c_str(),
                                  bench::collective<Which, T, Bytes, st::mesh<ranks<N>>>),
     ...);
}

template <int N>
void add_all() {
    benchmark::RegisterBenchmark(("barrier/ranks:" + std::to_string(N)).c_str(), bench::barrier<st::mesh<ranks<N>>>);
    add<bench::all_reduce, float, N, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 24'000'000>("all_reduce");
    add<bench::all_gather, float, N, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 24'000'000>("all_gather");
    add<bench::reduce_scatter, float, N, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 24'000'000>("reduce_scatter");
    add<bench::all_to_all, float, N, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 24'000'000>("all_to_all");
    add<bench::broadcast, float, N, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 24'000'000>("broadcast");
    add<bench::all_reduce_max, float, N, 256 << 10>("all_reduce_max");
    add<bench::reduce_scatter_added, float, N, 256 << 10>("reduce_scatter_added");
    add<bench::all_reduce, double, N, 256 << 10>("all_reduce/double");
}

bool const added = (add_all<2>(), add_all<8>(), true);

}  // namespace
