#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

#include <sys/mman.h>

namespace shardtype {

/// One rank's memory: a single zeroed mapping, on huge pages where the system has them, touched once by the rank that
/// owns it. Nothing else is allocated during a step.
class arena {
  public:
    /// Maps and touches it. @throws std::runtime_error with the size if the system has no room
    explicit arena(long bytes) : bytes_(static_cast<std::size_t>(bytes)) {
        constexpr std::size_t huge = std::size_t{2} << 20;
        mapped_ = (bytes_ + 2 * huge - 1) / huge * huge;
        void* const p = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            throw std::runtime_error("an arena of " + std::to_string(bytes) + " bytes per rank cannot be allocated");
        base_ = static_cast<char*>(p);
        auto const address = reinterpret_cast<std::size_t>(base_);
        data_ = base_ + ((address + huge - 1) / huge * huge - address);
        (void)madvise(data_, bytes_ / huge * huge, MADV_HUGEPAGE);  // a wish: smaller pages work too
        std::memset(data_, 0, bytes_);
    }
    arena(arena const&) = delete;
    arena& operator=(arena const&) = delete;
    ~arena() { munmap(base_, mapped_); }

    /// Its first byte, aligned to 2 MiB.
    char* data() const { return data_; }
    /// As asked for.
    long bytes() const { return static_cast<long>(bytes_); }

  private:
    std::size_t bytes_ = 0;
    std::size_t mapped_ = 0;
    char* base_ = nullptr;
    char* data_ = nullptr;
};

}  // namespace shardtype
