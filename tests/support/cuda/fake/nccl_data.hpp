#pragma once
#include "element.hpp"
#include "nccl_types.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

/// What the collectives do to the data, naively.
namespace fake {

enum class nccl_kind { all_reduce, all_gather, reduce_scatter, broadcast, reduce, send, receive };

inline char const* name(nccl_kind kind) {
    switch (kind) {
        case nccl_kind::all_reduce:
            return "ncclAllReduce";
        case nccl_kind::all_gather:
            return "ncclAllGather";
        case nccl_kind::reduce_scatter:
            return "ncclReduceScatter";
        case nccl_kind::broadcast:
            return "ncclBroadcast";
        case nccl_kind::reduce:
            return "ncclReduce";
        case nccl_kind::send:
            return "ncclSend";
        case nccl_kind::receive:
            return "ncclRecv";
    }
    return "";
}

/// 0 for a type that the fake has not.
inline std::size_t bytes_of(ncclDataType_t type) {
    switch (type) {
        case ncclInt8:
        case ncclUint8:
            return 1;
        case ncclBfloat16:
            return 2;
        case ncclInt32:
        case ncclUint32:
        case ncclFloat32:
            return 4;
        case ncclInt64:
        case ncclUint64:
        case ncclFloat64:
            return 8;
        case ncclFloat16:
            return 0;
    }
    return 0;
}

/// One rank's arguments of one call.
struct nccl_call {
    nccl_kind kind;
    char const* from = nullptr;
    char* to = nullptr;
    std::size_t count = 0;  ///< as the caller gave it
    ncclDataType_t type = ncclFloat32;
    ncclRedOp_t op = ncclSum;
    int peer = 0;  ///< of a send or receive; the root of a broadcast or a reduction

    bool matches(nccl_call const& other) const {
        return kind == other.kind && count == other.count && type == other.type && op == other.op && peer == other.peer;
    }
    std::size_t unit() const { return count * bytes_of(type); }
    std::size_t bytes_read(int rank, int ranks) const {
        switch (kind) {
            case nccl_kind::receive:
                return 0;
            case nccl_kind::broadcast:
                return rank == peer ? unit() : 0;
            case nccl_kind::reduce_scatter:
                return unit() * static_cast<std::size_t>(ranks);
            default:
                return unit();
        }
    }
    std::size_t bytes_written(int rank, int ranks) const {
        switch (kind) {
            case nccl_kind::send:
                return 0;
            case nccl_kind::reduce:
                return rank == peer ? unit() : 0;
            case nccl_kind::all_gather:
                return unit() * static_cast<std::size_t>(ranks);
            default:
                return unit();
        }
    }
    /// Where NCCL allows the two buffers to overlap.
    bool in_place(int rank) const {
        auto const offset = static_cast<std::size_t>(rank) * unit();
        if (kind == nccl_kind::all_gather) return from == to + offset;
        if (kind == nccl_kind::reduce_scatter) return to == from + offset;
        return from == to;
    }
};

template <class T>
T reduced(T a, T b, ncclRedOp_t op) {
    switch (op) {
        case ncclProd:
            return static_cast<T>(a * b);
        case ncclMax:
            return a < b || b != b ? b : a;
        case ncclMin:
            return b < a || b != b ? b : a;
        default:
            return static_cast<T>(a + b);
    }
}

struct bf16_bits {
    std::uint16_t bits;
};
inline bf16_bits reduced(bf16_bits a, bf16_bits b, ncclRedOp_t op) {
    return {narrowed(reduced(widened(a.bits), widened(b.bits), op))};
}

/// Every element is summed around the ring from another first rank, in the element type, so the bits differ from a sum
/// in rank order as NCCL's do.
template <class T>
std::vector<char> reduced_in_ring(std::vector<nccl_call> const& calls, std::size_t count) {
    std::vector<char> result(count * sizeof(T));
    auto const ranks = calls.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto const first = (i * ranks / count + 1) % ranks;
        auto const at = [&](std::size_t rank) {
            T value;
            std::memcpy(&value, calls[rank].from + i * sizeof(T), sizeof(T));
            return value;
        };
        T sum = at(first);
        for (std::size_t step = 1; step < ranks; ++step) sum = reduced(sum, at((first + step) % ranks), calls[0].op);
        std::memcpy(result.data() + i * sizeof(T), &sum, sizeof(T));
    }
    return result;
}

inline std::vector<char> reduced_data(std::vector<nccl_call> const& calls, std::size_t count) {
    switch (calls[0].type) {
        case ncclInt8:
            return reduced_in_ring<std::int8_t>(calls, count);
        case ncclUint8:
            return reduced_in_ring<std::uint8_t>(calls, count);
        case ncclInt32:
            return reduced_in_ring<std::int32_t>(calls, count);
        case ncclUint32:
            return reduced_in_ring<std::uint32_t>(calls, count);
        case ncclInt64:
            return reduced_in_ring<std::int64_t>(calls, count);
        case ncclUint64:
            return reduced_in_ring<std::uint64_t>(calls, count);
        case ncclFloat32:
            return reduced_in_ring<float>(calls, count);
        case ncclFloat64:
            return reduced_in_ring<double>(calls, count);
        case ncclBfloat16:
            return reduced_in_ring<bf16_bits>(calls, count);
        case ncclFloat16:
            break;
    }
    return {};
}

/// The collective of all ranks, `calls` in rank order. All is read before anything is written.
inline void run_collective(std::vector<nccl_call> const& calls) {
    auto const& first = calls[0];
    auto const unit = first.unit();
    if (unit == 0) return;
    std::vector<char> data;
    switch (first.kind) {
        case nccl_kind::all_reduce:
        case nccl_kind::reduce:
            data = reduced_data(calls, first.count);
            break;
        case nccl_kind::reduce_scatter:
            data = reduced_data(calls, first.count * calls.size());
            break;
        case nccl_kind::broadcast: {
            auto const* const from = calls[static_cast<std::size_t>(first.peer)].from;
            data.assign(from, from + unit);
            break;
        }
        default:
            for (auto const& call : calls) data.insert(data.end(), call.from, call.from + unit);
    }
    for (std::size_t rank = 0; rank < calls.size(); ++rank) {
        if (first.kind == nccl_kind::reduce && static_cast<int>(rank) != first.peer) continue;
        auto const offset = first.kind == nccl_kind::reduce_scatter ? rank * unit : 0;
        auto const bytes = first.kind == nccl_kind::all_gather ? data.size() : unit;
        std::memcpy(calls[rank].to, data.data() + offset, bytes);
    }
}

}  // namespace fake
