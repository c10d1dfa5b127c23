#pragma once

#include <shardtype/comm/mpi/world.hpp>
#include <shardtype/ops/rank_context.hpp>
#include <shardtype/schedule/kernels.hpp>
#include <shardtype/schedule/schedule.hpp>

#include <algorithm>

namespace shardtype::mpi {

/// Memory for what the collectives of a schedule receive, taken once, beside the arena: no step allocates. Collectives
/// that are never under way at once share it. It must outlive the schedule's walks.
class rooms {
  public:
    /// For the rank that `comm` belongs to; its groups use it from now on.
    rooms(schedule_view const& s, rank_communicators const& comm) : schedule_(s), comm_(comm), slots_(2 * s.at.slots) {
        places_.resize(static_cast<std::size_t>(max_axes * slots_));
        meets_.assign(places_.size() * places_.size(), 0);
        // As the walker goes, in training and in an evaluation; twice, for what a step leaves to the next.
        using enum segment_kind;
        for (segment_kind const when : {set_up, begin_step, forward, backward, forward, backward, report, update,
                                        begin_step, forward, backward, report, update, begin_step, forward, report})
            for (int g = 0; g < s.segment_count; ++g)
                if (s.segments[g].when == when) walk(s.segments[g]);
        long bytes = 0;
        std::vector<int> placed;
        for (int const k : largest_first()) {
            put(k, placed);
            placed.push_back(k);
            bytes = std::max(bytes, at(k).offset + at(k).bytes);
        }
        memory_.resize(static_cast<std::size_t>(bytes));
        for (int const k : placed) comm.on[k / slots_].lend(k % slots_, memory_.data() + at(k).offset, at(k).bytes);
    }
    rooms(rooms const&) = delete;
    rooms& operator=(rooms const&) = delete;

    /// In all.
    [[nodiscard]] long bytes() const noexcept { return static_cast<long>(memory_.size()); }

  private:
    // Of a slot of an axis.
    struct place {
        long bytes = 0, offset = 0;
    };

    static long bytes_for(step const& s, int n) {
        long const element = bytes_of(s.type);
        if (s.kernel == id_of<kernels::all_reduce> || s.kernel == id_of<kernels::all_reduce_max>)
            return communicator::all_reduce_room(n, s.dim[0], element);
        if (s.kernel == id_of<kernels::all_gather>)
            return communicator::all_gather_room(n, s.dim[0], s.dim[1], element);
        if (s.kernel == id_of<kernels::reduce_scatter>)
            return communicator::reduce_scatter_room(n, s.dim[0], s.dim[1], element);
        if (s.kernel == id_of<kernels::all_to_all>)
            return communicator::all_to_all_room(n, {s.dim[0], s.dim[1], s.dim[2], s.dim[3]}, element);
        return 0;
    }

    place& at(int k) { return places_[static_cast<std::size_t>(k)]; }
    char& meets(int a, int b) {
        return meets_[static_cast<std::size_t>(a) * places_.size() + static_cast<std::size_t>(b)];
    }

    void walk(segment const& g) {
        rank_context c;
        for (c.trip = 0; c.trip < g.trips; ++c.trip)
            for (int i = g.begin; i < g.end; ++i) {
                step const& s = schedule_.steps[i];
                if (s.axis < 0 || s.slot < 0 || c.trip < s.from || c.trip >= s.to) continue;
                int const k = s.axis * slots_ + c.slot(s);
                if (s.kind == step_kind::collective_start || s.kind == step_kind::materialize) {
                    at(k).bytes = std::max(at(k).bytes, (bytes_for(s, comm_.on[s.axis].size()) + 63) / 64 * 64);
                    for (int const other : under_way_) meets(k, other) = meets(other, k) = 1;
                    under_way_.push_back(k);
                } else if (s.kind == step_kind::collective_finish) {
                    under_way_.erase(std::remove(under_way_.begin(), under_way_.end(), k), under_way_.end());
                }
            }
    }

    std::vector<int> largest_first() {
        std::vector<int> order;
        for (int k = 0; k < static_cast<int>(places_.size()); ++k)
            if (at(k).bytes > 0) order.push_back(k);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return at(a).bytes > at(b).bytes; });
        return order;
    }
    // The lowest place that is free of all it is under way with.
    void put(int k, std::vector<int> const& placed) {
        place& mine = at(k);
        for (bool moved = true; moved;) {
            moved = false;
            for (int const other : placed) {
                place const& theirs = at(other);
                if (!meets(k, other) || mine.offset >= theirs.offset + theirs.bytes ||
                    theirs.offset >= mine.offset + mine.bytes)
                    continue;
                mine.offset = theirs.offset + theirs.bytes;
                moved = true;
            }
        }
    }

    schedule_view const& schedule_;
    rank_communicators const& comm_;
    int slots_;
    std::vector<place> places_;
    std::vector<char> meets_;
    std::vector<int> under_way_;
    std::vector<std::byte> memory_;
};

}  // namespace shardtype::mpi
