#pragma once

// Counts allocations by replacing the C library's allocator in the whole program: include it in one file of a test.
// `operator new` ends in malloc, so it is counted too. With another C library or a sanitizer nothing is counted.

#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // g++
#define UNDER_SANITIZER 1
#elif defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(UNDER_SANITIZER)
#define COUNTS_ALLOCATIONS 1
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace allocations {

enum class watching : int { nothing, us, library };

inline thread_local watching now = watching::nothing;
inline thread_local long ours = 0, of_the_library = 0;

inline void note() {
    if (now == watching::us) ++ours;
    if (now == watching::library) ++of_the_library;
}

}  // namespace allocations

#ifdef COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) noexcept { return allocations::note(), __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t size) noexcept { return allocations::note(), __libc_calloc(n, size); }
void* realloc(void* p, std::size_t n) noexcept { return allocations::note(), __libc_realloc(p, n); }
void* memalign(std::size_t to, std::size_t n) noexcept { return allocations::note(), __libc_memalign(to, n); }
void* aligned_alloc(std::size_t to, std::size_t n) noexcept { return allocations::note(), __libc_memalign(to, n); }
int posix_memalign(void** p, std::size_t to, std::size_t n) noexcept {
    allocations::note();
    *p = __libc_memalign(to, n);
    return *p == nullptr ? ENOMEM : 0;
}
void* mmap(void* at, std::size_t n, int protection, int flags, int file, off_t from) noexcept {
    allocations::note();
    return reinterpret_cast<void*>(syscall(SYS_mmap, at, n, protection, flags, file, from));
}
}
#endif
