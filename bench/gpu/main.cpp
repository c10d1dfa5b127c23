// The main of every benchmark of a GPU: Google Benchmark's, with what its rows mean, and rows as Markdown.

#include <cuda_runtime.h>
#include <shardtype/bench/program.hpp>

namespace {

constexpr char const* columns =
    "Time: a call's mean by the device's clock; best_us, median_us: of blocks of calls between two events of the "
    "stream, "
    "warm, on noise; GFLOP/s, GB/s: in the best block; limit_*: what this device reached at best in this run; share: "
    "of "
    "it. The label names the limit";

void print_help() {
    std::printf(
        "A row is a benchmark of a kernel or of a training step on one GPU.\n\n%s.\n\n"
        "          [--markdown]  rows of a Markdown table, nothing else\n\n",
        columns);
    std::fflush(stdout);
    benchmark::PrintDefaultHelp();
}

}  // namespace

int main(int argc, char** argv) {
    int devices = 0;
    cudaError_t const status = cudaGetDeviceCount(&devices);
    cudaDeviceProp device{};
    if (status != cudaSuccess || devices == 0 || cudaGetDeviceProperties(&device, 0) != cudaSuccess) {
        std::printf("skipped: no CUDA device: %s\n",
                    status == cudaSuccess ? "the driver names none" : cudaGetErrorString(status));
        return 77;
    }
    return shardtype::bench::run_program(argc, argv, print_help, columns, "device", device.name);
}
