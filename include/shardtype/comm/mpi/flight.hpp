#pragma once

#include <shardtype/comm/mpi/mpi.hpp>
#include <shardtype/comm/thread/team.hpp>

#include <cstddef>
#include <vector>

namespace shardtype::mpi {

using thread::detail::collective;
using thread::detail::operation;
using thread::detail::posting;

class group;

namespace detail {
/// Elements are only moved: their size is all that counts.
template <class T>
MPI_Datatype datatype_of() {
    static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    return sizeof(T) == 1 ? MPI_UINT8_T : sizeof(T) == 2 ? MPI_UINT16_T : sizeof(T) == 4 ? MPI_UINT32_T : MPI_UINT64_T;
}
}  // namespace detail

/// Messages under way of one rank, each with the rank at its other end.
struct messages {
    std::vector<MPI_Request> of;  ///< the first `count` are
    std::vector<int> peer;        ///< in the group
    int count = 0;                ///< since the collective's start

    /// Room for so many.
    explicit messages(std::size_t most) : of(most, MPI_REQUEST_NULL), peer(most) {}
    /// Gives those up that have not come.
    void cancel() noexcept {
        for (int i = 0; i < count; ++i)
            if (MPI_Request& request = of[static_cast<std::size_t>(i)]; request != MPI_REQUEST_NULL)
                MPI_Cancel(&request);
    }
};

/// A collective of a group under way, in a slot of its own.
class flight {
  public:
    /// In a group of so many.
    explicit flight(int ranks)
        : heads_(2 * static_cast<std::size_t>(ranks)),
          receives_(heads_),
          sends_(heads_),
          theirs_(static_cast<std::size_t>(ranks)) {}

    /// Its room for parts of others.
    template <class T>
    T* parts() const {
        return reinterpret_cast<T*>(room_);
    }

  private:
    friend group;
    enum class phase : unsigned char { none, started, shared };

    /// At least so many bytes: what was lent for this collective, or else its own memory, which grows.
    void take_room(long bytes) {
        if (bytes <= room_bytes_) return;
        if (static_cast<std::size_t>(bytes) > own_.size()) own_.resize(static_cast<std::size_t>(bytes));
        lend(own_.data(), static_cast<long>(own_.size()));
    }
    void lend(std::byte* memory, long bytes) noexcept { room_ = memory, room_bytes_ = bytes; }
    /// The slot is free: the lender may use his memory again.
    void end() noexcept {
        at_ = phase::none;
        lend(nullptr, 0);
    }

    posting operands_{};
    unsigned number_ = 0;  // of the group's starts
    phase at_ = phase::none;
    messages heads_, receives_, sends_;
    std::vector<operation> theirs_;  // what the others are in
    std::byte* room_ = nullptr;
    long room_bytes_ = 0;
    std::vector<std::byte> own_;
};

}  // namespace shardtype::mpi
