// The main of every test that runs on a device. Where there is none, it says so in one line and ends with the exit code
// of skipped tests.

#define DOCTEST_CONFIG_IMPLEMENT
#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <cstdio>

int main(int argc, char** argv) {
    int devices = 0;
    cudaError_t const status = cudaGetDeviceCount(&devices);
    if (status != cudaSuccess || devices == 0) {
        std::printf("skipped: no CUDA device: %s\n",
                    status == cudaSuccess ? "the driver names none" : cudaGetErrorString(status));
        return 77;
    }
    return doctest::Context(argc, argv).run();
}
