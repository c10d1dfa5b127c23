#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define SHARDTYPE_FAKE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHARDTYPE_FAKE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SHARDTYPE_FAKE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SHARDTYPE_FAKE_TSAN 1
#endif
#endif
#ifdef SHARDTYPE_FAKE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef SHARDTYPE_FAKE_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if !defined(__x86_64__) || defined(SHARDTYPE_FAKE_UCONTEXT)
#define SHARDTYPE_FAKE_USES_UCONTEXT 1
#include <ucontext.h>
#endif

namespace fake {

/// A stack that a thread of a block runs on; the host thread's own stack is one as well.
struct fibre {
    static constexpr std::size_t stack_bytes = 128 << 10;
    static constexpr std::uint64_t canary = 0x5aa5c33c0ff0d22dULL;

    void* stack_pointer = nullptr;
    char* stack = nullptr;  ///< null for the host thread's own
    void (*entry)() = nullptr;
#ifdef SHARDTYPE_FAKE_USES_UCONTEXT
    ucontext_t context{};
#endif
#ifdef SHARDTYPE_FAKE_ASAN
    void const* bottom = nullptr;
    std::size_t bytes = 0;
#endif
#ifdef SHARDTYPE_FAKE_TSAN
    void* tsan = nullptr;
#endif

    fibre() = default;
    fibre(fibre const&) = delete;
    fibre& operator=(fibre const&) = delete;

    /// A fibre whose first switch calls `entry`, which never returns.
    explicit fibre(void (*entry_)()) : entry(entry_) {
        void* const at =
            mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) {
            std::perror("fake CUDA: no memory for a fibre");
            std::abort();
        }
        stack = static_cast<char*>(at);
        *reinterpret_cast<std::uint64_t*>(stack) = canary;
#ifdef SHARDTYPE_FAKE_USES_UCONTEXT
        getcontext(&context);
        context.uc_stack.ss_sp = stack;
        context.uc_stack.ss_size = stack_bytes;
        context.uc_link = nullptr;
        makecontext(&context, entry, 0);
#else
        auto** top = reinterpret_cast<void**>(stack + stack_bytes);
        *--top = nullptr;  // the return address, never used; the stack is aligned as after a call
        *--top = reinterpret_cast<void*>(entry);
        stack_pointer = top;
#endif
#ifdef SHARDTYPE_FAKE_ASAN
        bottom = stack;
        bytes = stack_bytes;
#endif
#ifdef SHARDTYPE_FAKE_TSAN
        tsan = __tsan_create_fiber(0);
#endif
    }
    ~fibre() {
#ifdef SHARDTYPE_FAKE_TSAN
        if (stack != nullptr) __tsan_destroy_fiber(tsan);
#endif
        if (stack != nullptr) munmap(stack, stack_bytes);
    }

    bool overflowed() const { return stack != nullptr && *reinterpret_cast<std::uint64_t const*>(stack) != canary; }
};

#ifndef SHARDTYPE_FAKE_USES_UCONTEXT
#ifdef __clang__
#define SHARDTYPE_FAKE_NOIPA __attribute__((noinline))
#else
#define SHARDTYPE_FAKE_NOIPA __attribute__((noipa))
#endif
/// Saves this stack's pointer and goes on with another stack. All registers count as overwritten, so the compiler saves
/// those that a called function has to preserve.
SHARDTYPE_FAKE_NOIPA inline void switch_stacks(void** save, void* load) {
    asm volatile(
        "leaq -128(%%rsp), %%rsp\n\t"  // the red zone
        "pushq %%rbp\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "movq %%rsp, (%%rdi)\n\t"
        "movq %%rsi, %%rsp\n\t"
        "popq %%rax\n\t"
        "jmpq *%%rax\n"
        "1:\n\t"
        "popq %%rbp\n\t"
        "leaq 128(%%rsp), %%rsp"
        : "+D"(save), "+S"(load)
        :
        : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "xmm0",
          "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
          "xmm14", "xmm15");
}
#endif

/// The fibre that this host thread runs now and the one it came from.
inline constinit thread_local fibre* running_fibre = nullptr;
inline constinit thread_local fibre* previous_fibre = nullptr;

/// Has to be called first by a fibre that has been switched to.
inline void after_switch([[maybe_unused]] void* fake_stack) {
#ifdef SHARDTYPE_FAKE_ASAN
    void const* bottom = nullptr;
    std::size_t bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &bytes);
    if (previous_fibre->stack == nullptr) {
        previous_fibre->bottom = bottom;
        previous_fibre->bytes = bytes;
    }
#endif
}

inline void switch_fibre(fibre& from, fibre& to) {
    previous_fibre = &from;
    running_fibre = &to;
    void* fake_stack = nullptr;
#ifdef SHARDTYPE_FAKE_ASAN
    __sanitizer_start_switch_fiber(&fake_stack, to.bottom, to.bytes);
#endif
#ifdef SHARDTYPE_FAKE_TSAN
    if (from.stack == nullptr) from.tsan = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to.tsan, 0);
#endif
#ifdef SHARDTYPE_FAKE_USES_UCONTEXT
    swapcontext(&from.context, &to.context);
#else
    switch_stacks(&from.stack_pointer, to.stack_pointer);
#endif
    after_switch(fake_stack);
}

/// The fibres of this host thread; stacks are reused. Those of a block that could not end stay neither idle nor running.
struct fibre_pool {
    std::vector<std::unique_ptr<fibre>> all;
    std::vector<fibre*> idle;

    fibre& take(void (*entry)()) {
        if (idle.empty()) return *all.emplace_back(std::make_unique<fibre>(entry));
        auto* const taken = idle.back();
        idle.pop_back();
        return *taken;
    }
};
inline thread_local fibre_pool fibres;

}  // namespace fake
