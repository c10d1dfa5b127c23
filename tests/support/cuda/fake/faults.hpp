#pragma once
#include "memory.hpp"

#include <csignal>
#include <cstdio>
#include <string>

/// Says what a forbidden address of the fake's memory was before the program ends of it.
namespace fake {

inline struct sigaction previous_fault_handler {};

inline void on_fault(int, siginfo_t* info, void*) {
    if (auto const what = memory.describe(info->si_addr); !what.empty()) {
        std::fprintf(stderr, "fake CUDA: forbidden access: %s\n", what.c_str());
    }
    sigaction(SIGSEGV, &previous_fault_handler, nullptr);  // the access happens again
}

/// Test frameworks set their own handler anew for every test case: ours goes before it whenever memory is allocated.
inline void watch_faults() {
    struct sigaction now {};
    if (sigaction(SIGSEGV, nullptr, &now) != 0 || now.sa_sigaction == on_fault) return;
    struct sigaction own {};
    own.sa_sigaction = on_fault;
    own.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&own.sa_mask);
    if (sigaction(SIGSEGV, &own, &previous_fault_handler) != 0) return;
}

}  // namespace fake
