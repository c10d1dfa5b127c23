#pragma once
#include "random.hpp"
#include "report.hpp"
#include "types.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

/// Device memory and pinned host memory. Each piece ends at a page that nobody may touch, starts after one, and is
/// full of 0xff (NaN) when new; a freed piece may not be touched either.
namespace fake {

inline int devices = 8;
inline constinit thread_local int current_device = 0;

struct allocation {
    char* at = nullptr;
    std::size_t bytes = 0;
    int device = -1;  ///< -1: pinned host memory
    char* map = nullptr;
    std::size_t map_bytes = 0;
    char* end() const { return at + bytes; }
    char* first_page() const { return map + page(); }
    std::size_t page_bytes() const { return map_bytes - 2 * page(); }
    static std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }
};

class memory_pool {
  public:
    static constexpr std::size_t default_limit = std::size_t{8} << 30;

    void* take(std::size_t bytes, int device) {
        if (device >= 0 && used(device) + bytes > limit(device)) return nullptr;
        std::lock_guard const lock(mutex_);
        std::size_t const page = allocation::page();
        std::size_t const used = (bytes + 15) / 16 * 16;
        std::size_t const pages = (used + page - 1) / page * page;
        void* const map = mmap(nullptr, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED) return nullptr;
        allocation made;
        made.map = static_cast<char*>(map);
        made.map_bytes = pages + 2 * page;
        made.at = made.map + page + (pages - used);
        made.bytes = bytes;
        made.device = device;
        if (mprotect(made.map + page, pages, PROT_READ | PROT_WRITE) != 0) {
            munmap(map, made.map_bytes);
            return nullptr;
        }
        std::memset(made.map + page, 0xff, pages);
        if (device >= 0 && closed_) mprotect(made.map + page, pages, PROT_NONE);
        if (device >= 0) used_[device] += bytes;
        pieces_[made.at] = made;
        return made.at;
    }

    /// False where nothing starts at `at`.
    bool give_back(void* at, bool device) {
        std::lock_guard const lock(mutex_);
        auto const found = pieces_.find(static_cast<char*>(at));
        if (found == pieces_.end() || (found->second.device >= 0) != device) return false;
        allocation const piece = found->second;
        std::size_t const used = (piece.bytes + 15) / 16 * 16;
        mprotect(piece.first_page(), piece.page_bytes(), PROT_READ);
        for (char const* p = piece.end(); p != piece.at + used; ++p) {
            if (static_cast<unsigned char>(*p) != 0xff) {
                fail("memory after the end of " + std::to_string(piece.bytes) + " allocated bytes was overwritten");
                break;
            }
        }
        if (piece.device >= 0) used_[piece.device] -= piece.bytes;
        pieces_.erase(found);
        mprotect(piece.map, piece.map_bytes, PROT_NONE);
        madvise(piece.map, piece.map_bytes, MADV_DONTNEED);
        freed_.push_back(piece);
        if (freed_.size() > 512) {
            munmap(freed_.front().map, freed_.front().map_bytes);
            freed_.pop_front();
        }
        return true;
    }

    /// Between close() and open() a host thread that touches device memory crashes, as it does on a machine with a
    /// device. It is open while any host thread runs operations, and once in a while longer: the kernel of the host is
    /// slow at this. FAKE_CUDA_PROTECT=0 leaves it open.
    void open() {
        std::lock_guard const lock(mutex_);
        if (users_++ == 0 && closed_) protect(false);
    }
    void close() {
        std::lock_guard const lock(mutex_);
        if (--users_ == 0 && protects_ && (++closes_ < 500 || closes_ % 64 == 0)) protect(true);
    }

    /// Closes it for certain, if no host thread runs operations.
    void shut() {
        std::lock_guard const lock(mutex_);
        if (users_ == 0 && protects_) protect(true);
    }

    /// What a forbidden address is, for the handler of faults. Never waits.
    std::string describe(void const* address) {
        std::unique_lock const lock(mutex_, std::try_to_lock);
        if (!lock) return {};
        auto const* const p = static_cast<char const*>(address);
        auto const text = [&](allocation const& piece, char const* what) {
            if (p < piece.map || p >= piece.map + piece.map_bytes) return std::string();
            return "byte " + std::to_string(p - piece.at) + " of " + std::to_string(piece.bytes) + " " + what +
                   (piece.device < 0 ? " (pinned host memory)" : " (device " + std::to_string(piece.device) + ")");
        };
        for (auto const& piece : freed_) {
            if (auto found = text(piece, "that have been freed"); !found.empty()) return found;
        }
        for (auto const& [at, piece] : pieces_) {
            bool const inside = p >= piece.at && p < piece.end();
            auto found = text(piece, inside ? "of device memory, touched by the host" : "that are allocated");
            if (!found.empty()) return found;
        }
        return {};
    }

    /// The piece that [at, at + bytes) lies in; bytes of it are 0 where there is none.
    allocation find(void const* at, std::size_t bytes = 0) const {
        std::lock_guard const lock(mutex_);
        auto const* const p = static_cast<char const*>(at);
        auto next = pieces_.upper_bound(const_cast<char*>(p));
        if (next == pieces_.begin()) return {};
        auto const& piece = (--next)->second;
        return p + bytes <= piece.end() ? piece : allocation{};
    }

    std::size_t limit(int device) const {
        std::lock_guard const lock(mutex_);
        auto const found = limits_.find(device);
        return found == limits_.end() ? default_limit : found->second;
    }
    std::size_t used(int device) {
        std::lock_guard const lock(mutex_);
        return used_[device];
    }
    void set_limit(int device, std::size_t bytes) {
        std::lock_guard const lock(mutex_);
        limits_[device] = bytes;
    }

  private:
    void protect(bool closed) {
        closed_ = closed;
        for (auto const& [at, piece] : pieces_) {
            if (piece.device < 0) continue;
            mprotect(piece.first_page(), piece.page_bytes(), closed ? PROT_NONE : PROT_READ | PROT_WRITE);
        }
    }

    mutable std::mutex mutex_;
    bool const protects_ = number_from_environment("FAKE_CUDA_PROTECT", 1) != 0;
    int users_ = 0;
    long closes_ = 0;
    bool closed_ = protects_;
    std::map<char*, allocation> pieces_;
    std::map<int, std::size_t> used_;
    std::map<int, std::size_t> limits_;
    std::deque<allocation> freed_;
};
inline memory_pool memory;

struct open_memory {
    open_memory() { memory.open(); }
    ~open_memory() { memory.close(); }
    open_memory(open_memory const&) = delete;
    open_memory& operator=(open_memory const&) = delete;
};

/// cudaMalloc fails once `device` holds more than `bytes`.
inline void set_memory_limit(int device, std::size_t bytes) { memory.set_limit(device, bytes); }
/// Bytes of `device` that are allocated now.
inline std::size_t memory_in_use(int device) { return memory.used(device); }

inline bool is_device_memory(void const* at, std::size_t bytes = 0) { return memory.find(at, bytes).device >= 0; }
inline bool is_pinned_memory(void const* at, std::size_t bytes = 0) {
    auto const piece = memory.find(at, bytes);
    return piece.at != nullptr && piece.device < 0;
}

}  // namespace fake
