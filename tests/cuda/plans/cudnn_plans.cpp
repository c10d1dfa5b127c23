// cuDNN's plans for attention, made for devices that are only described: no GPU is needed. Which engine takes a graph,
// and what workspace it wants, is the library's own answer.
#include <doctest/doctest.h>

#include <shardtype/kernels/cuda/cudnn_attention.hpp>
#include <string>

namespace {

using shardtype::bf16;
using shardtype::cuda::attention_shape;
using shardtype::cuda::detail::cudnn_attention;
using shardtype::cuda::detail::cudnn_descriptor;

struct described {
    cudnn_descriptor properties{CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR};
    described(int version, int processors, long l2, long shared, std::string const& name) {
        std::string const text =
            R"({"deviceVer":)" + std::to_string(version) + R"(,"driverVer":13000,"cudaDeviceId":0,"maxGridSize":)" +
            R"([2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"multiProcessorCount":)" +
            std::to_string(processors) + R"(,"smClockRateKHz":1700000,"memClockRateKHz":2000000,"l2CacheSize":)" +
            std::to_string(l2) + R"(,"warpSize":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":)" +
            std::to_string(shared) +
            R"(,"reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"pciDeviceId":0,"maxCtasPerSM":32,)" +
            R"("maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"isTccDriver":0,"supportCoopLaunch":1,"deviceName":")" +
            name + R"(","totalGlobalMem":84929216512})";
        properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                       static_cast<std::int64_t>(text.size()), text.data());
        properties.finalize("a described device");
    }
};

described const& h100() {
    static described const it(900, 132, 52428800, 232448, "NVIDIA H100 80GB HBM3");
    return it;
}
described const& a100() {
    static described const it(800, 108, 41943040, 166912, "NVIDIA A100-SXM4-80GB");
    return it;
}

cudnn_attention planned(attention_shape s, bool forward, described const& device) {
    long const bound = forward ? shardtype::cuda::attention_forward_scratch_bytes<bf16>(s)
                               : shardtype::cuda::attention_backward_scratch_bytes<bf16>(s);
    cudnn_attention made(s, forward, bound, true, {nullptr, &device.properties});
    CAPTURE(made.refused());
    CHECK(made.planned());
    CHECK(made.scratch_bytes() <= bound);
    return made;
}

}  // namespace

TEST_CASE("forward and backward are planned within the bounds, with fixed sums") {
    for (auto s : {attention_shape{1, 2048, 32, 8, 128}, {2, 100, 4, 4, 64}, {3, 77, 6, 2, 40}, {1, 256, 16, 16, 16}}) {
        CAPTURE(s.seq);
        CHECK(!planned(s, true, h100()).varies());
        auto const backward = planned(s, false, h100());
        CHECK(!backward.varies());
        CHECK(backward.calls() == 1);
    }
    CHECK(!planned({1, 1024, 12, 12, 64}, true, a100()).varies());
    CHECK(!planned({1, 1024, 12, 4, 64}, false, a100()).varies());
}

TEST_CASE("long sequences are taken by slices, and too long ones with sums that vary") {
    CHECK(planned({4, 2048, 32, 8, 128}, false, h100()).calls() == 2);
    auto const by_heads = planned({1, 8192, 32, 8, 128}, false, h100());
    CHECK(by_heads.calls() == 8);
    CHECK(!by_heads.varies());
    CHECK(planned({1, 16384, 32, 8, 128}, false, h100()).varies());
    cudnn_attention const repeatable({1, 16384, 32, 8, 128}, false, 1L << 40, false, {nullptr, &h100().properties});
    CHECK(!repeatable.planned());
}

TEST_CASE("what does not fit or is not taken is said") {
    cudnn_attention const small({1, 2048, 32, 8, 128}, false, 1 << 20, true, {nullptr, &h100().properties});
    CHECK(!small.planned());
    CHECK(small.refused().find("bytes of workspace, more than the bound of") != std::string::npos);
    cudnn_attention const odd({1, 64, 2, 2, 20}, true, 1 << 20, true, {nullptr, &h100().properties});
    CHECK(odd.refused() == "its heads are no multiple of 8");
}

TEST_CASE("without a device there is no plan to run, and a line says so") {
    CHECK(shardtype::cuda::detail::cudnn_attention_plan({1, 64, 2, 2, 16}, true, 1 << 20) == nullptr);
}
