#pragma once

// Who takes memory while `watch(true)` holds: the C library's allocator and mmap are replaced in the whole program, and
// every call is entered under the shared object that made it, per thread. Include it in one file of a test. Calls of
// `operator new` count for whoever called that. With another C library or a sanitizer nothing is seen.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // g++
#define MEMORY_UNDER_SANITIZER 1
#elif defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_UNDER_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(MEMORY_UNDER_SANITIZER)
#define WATCHES_MEMORY 1
#include <dlfcn.h>
#include <execinfo.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace memory_hooks {

/// What one shared object took on one thread.
struct row {
    char const* object = nullptr;  ///< its path
    void const* base = nullptr;    ///< where it is loaded: what identifies it
    bool own = false;              ///< it is this program
    bool mapped = false;           ///< by mmap, not by the allocator
    int thread = 0;                ///< from 1
    long calls = 0, bytes = 0, largest = 0;
    long live = 0, at_once = 0;  ///< bytes not given back yet, and the most that these were
};

inline constexpr int max_rows = 256, max_live = 1024;
inline row rows[max_rows];
inline int row_count = 0;
inline bool overflow = false;  ///< a table was full: what it says is too little
inline std::atomic<bool> watching{false};
inline std::atomic_flag locked = ATOMIC_FLAG_INIT;
inline std::atomic<int> threads{0};

#ifdef WATCHES_MEMORY
namespace detail {

struct held {
    void* at = nullptr;
    long bytes = 0;
    int row = 0;
};
inline thread_local held live[max_live];
inline thread_local int live_count = 0, thread_number = 0;
inline thread_local bool inside = false;

struct lock {
    lock() {
        while (locked.test_and_set(std::memory_order_acquire)) usleep(1);
    }
    ~lock() { locked.clear(std::memory_order_release); }
};

inline bool is_cpp_library(Dl_info const& i) {
    return i.dli_fname != nullptr && std::strstr(i.dli_fname, "libstdc++") != nullptr;
}

inline Dl_info caller_of(void* direct) {
    Dl_info who{};
    dladdr(direct, &who);
    if (!is_cpp_library(who)) return who;
    void* frames[24];
    int const depth = backtrace(frames, 24);
    bool below = false;
    for (int i = 0; i < depth; ++i) {
        below = below || frames[i] == direct;
        if (below && dladdr(frames[i], &who) != 0 && !is_cpp_library(who)) return who;
    }
    return who;
}

inline void took(void* p, std::size_t n, void* direct, bool mapped) {
    if (!watching.load(std::memory_order_relaxed) || inside || p == nullptr) return;
    inside = true;  // what is called from here may allocate
    if (thread_number == 0) thread_number = ++threads;
    Dl_info const who = caller_of(direct);
    Dl_info us{};
    dladdr(reinterpret_cast<void*>(&caller_of), &us);
    lock const guard;
    int r = 0;
    while (r < row_count &&
           !(rows[r].base == who.dli_fbase && rows[r].thread == thread_number && rows[r].mapped == mapped))
        ++r;
    if (r == max_rows || live_count == max_live) {
        overflow = true;
    } else {
        if (r == row_count) {
            rows[row_count++] = row{};
            rows[r].object = who.dli_fname == nullptr ? "?" : who.dli_fname;
            rows[r].base = who.dli_fbase;
            rows[r].own = who.dli_fbase == us.dli_fbase;
            rows[r].mapped = mapped;
            rows[r].thread = thread_number;
        }
        row& to = rows[r];
        auto const bytes = static_cast<long>(n);
        ++to.calls, to.bytes += bytes, to.live += bytes;
        if (bytes > to.largest) to.largest = bytes;
        if (to.live > to.at_once) to.at_once = to.live;
        live[live_count++] = {p, bytes, r};
    }
    inside = false;
}

inline void gave(void* p) {
    if (live_count == 0 || inside || p == nullptr) return;
    for (int i = live_count - 1; i >= 0; --i) {
        if (live[i].at != p) continue;
        lock const guard;
        rows[live[i].row].live -= live[i].bytes;
        live[i] = live[--live_count];
        return;
    }
}

}  // namespace detail
#endif

/// Begins (with empty tables) or ends.
inline void watch(bool on) {
#ifdef WATCHES_MEMORY
    if (on) {
        void* frame[4];
        backtrace(frame, 4);  // its first call loads a library
        row_count = 0;
        overflow = false;
    }
#endif
    watching.store(on);
}

}  // namespace memory_hooks

#ifdef WATCHES_MEMORY
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

#define FROM_HERE __builtin_return_address(0)
void* malloc(std::size_t n) noexcept {
    void* const p = __libc_malloc(n);
    memory_hooks::detail::took(p, n, FROM_HERE, false);
    return p;
}
void* calloc(std::size_t n, std::size_t size) noexcept {
    void* const p = __libc_calloc(n, size);
    memory_hooks::detail::took(p, n * size, FROM_HERE, false);
    return p;
}
void* realloc(void* old, std::size_t n) noexcept {
    memory_hooks::detail::gave(old);
    void* const p = __libc_realloc(old, n);
    memory_hooks::detail::took(p, n, FROM_HERE, false);
    return p;
}
void* memalign(std::size_t to, std::size_t n) noexcept {
    void* const p = __libc_memalign(to, n);
    memory_hooks::detail::took(p, n, FROM_HERE, false);
    return p;
}
void* aligned_alloc(std::size_t to, std::size_t n) noexcept {
    void* const p = __libc_memalign(to, n);
    memory_hooks::detail::took(p, n, FROM_HERE, false);
    return p;
}
int posix_memalign(void** p, std::size_t to, std::size_t n) noexcept {
    *p = __libc_memalign(to, n);
    memory_hooks::detail::took(*p, n, FROM_HERE, false);
    return *p == nullptr ? ENOMEM : 0;
}
void free(void* p) noexcept {
    memory_hooks::detail::gave(p);
    __libc_free(p);
}
void* mmap(void* at, std::size_t n, int protection, int flags, int file, off_t from) noexcept {
    void* const p = reinterpret_cast<void*>(syscall(SYS_mmap, at, n, protection, flags, file, from));
    memory_hooks::detail::took(p == MAP_FAILED ? nullptr : p, n, FROM_HERE, true);
    return p;
}
int munmap(void* at, std::size_t n) noexcept {
    memory_hooks::detail::gave(at);
    return static_cast<int>(syscall(SYS_munmap, at, n));
}
#undef FROM_HERE
}
#endif
