#pragma once

#include <shardtype/comm/thread/communicator.hpp>
#include <shardtype/comm/thread/cpus.hpp>
#include <shardtype/mesh/mesh.hpp>

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace shardtype::thread {

class operands_in_use;

/// What one rank is given: its place in the mesh, and its handle in the group of every axis through it.
struct rank_communicators {
    using in_use = operands_in_use;     ///< guards memory that collectives use
    static constexpr int max_axes = 4;  ///< of a world

    int rank = 0;                   ///< in the whole mesh
    int coordinate[max_axes] = {};  ///< 0 beyond the mesh's axes
    communicator on[max_axes];      ///< unusable beyond the mesh's axes
    communicator all;               ///< the whole mesh as one group

    /// Ends this rank's part in what it has started and not finished; it fails if there is such a collective.
    void withdraw() const noexcept {
        all.withdraw(rank);
        for (communicator const& group : on) group.withdraw(rank);
    }
    /// Seconds that this rank has waited for others since `world::run` began.
    [[nodiscard]] double waited_seconds() const noexcept {
        double sum = all.waited_seconds();
        for (communicator const& group : on) sum += group.waited_seconds();
        return sum;
    }
};

/// Declared after memory that collectives use between a start and its finish, and so destroyed before it: where the
/// rank throws in between, this waits until nobody reads or writes that memory.
class operands_in_use {
  public:
    /// Of this rank. `lent`: memory of it, `staging::bytes` of the mesh, that holds copies of small operands meanwhile.
    explicit operands_in_use(rank_communicators const& of, std::byte* lent = nullptr)
        : of_(of), lends_(lent != nullptr) {
        if (!lends_) return;
        lent = of_.all.lend(lent);
        for (communicator const& group : of_.on) lent = group.lend(lent);
    }
    operands_in_use(operands_in_use const&) = delete;
    operands_in_use& operator=(operands_in_use const&) = delete;
    ~operands_in_use() {
        of_.withdraw();
        if (!lends_) return;
        of_.all.take_back();
        for (communicator const& group : of_.on) group.take_back();
    }

  private:
    rank_communicators of_;
    bool lends_;
};

/// A mesh of ranks, each a thread of this process; rank numbers are row-major, the last axis is the fastest.
/// Example: world({2, 4}, 8), or world(mesh<dp, tp>{}, 8): rank 6 has coordinate {1, 2}; on[0] joins ranks {2, 6},
/// on[1] ranks {4, 5, 6, 7}.
class world {
  public:
    /// @param axis_sizes ranks along each axis; @param axes how many axes
    /// @param slots collectives in flight in one group (already doubled where a start runs a trip ahead of its wait)
    /// @throws std::invalid_argument for more than 4 axes or sizes that are not positive
    world(int const* axis_sizes, int axes, int slots)
        : world(axis_sizes, axes, slots, patience::of(ranks_of(axis_sizes, axes) <= usable_cpus())) {}
    /// The ranks of a mesh type.
    template <class Axis, class... Axes>  // not a pack alone: `{2, 4}` would deduce mesh<>
    explicit world(mesh<Axis, Axes...>, int slots = 1, staging_from from = staging_from::world)
        : world(mesh<Axis, Axes...>::axis_size, mesh<Axis, Axes...>::axes, slots,
                patience::of(mesh<Axis, Axes...>::size <= usable_cpus()), from) {}
    /// The same, from a list: `world({2, 4}, 8)`.
    world(std::initializer_list<int> axis_sizes, int slots)
        : world(axis_sizes.begin(), static_cast<int>(axis_sizes.size()), slots) {}

    /// The same, told how long waits spin; the others choose by whether each rank has a CPU of its own.
    world(int const* axis_sizes, int axes, int slots, patience limits, staging_from from = staging_from::world)
        : axes_(axes) {
        if (axes < 0 || axes > rank_communicators::max_axes || slots < 0)
            throw std::invalid_argument("a world of " + std::to_string(axes) + " axes and " + std::to_string(slots) +
                                        " slots: axes are 0 to 4, slots not negative");
        for (int a = 0; a < axes; ++a) {
            sizes_[a] = axis_sizes[a];
            if (sizes_[a] < 1 || size_ > communicator::max_size / sizes_[a])
                throw std::invalid_argument("axis " + std::to_string(a) + " of a world has size " +
                                            std::to_string(sizes_[a]) + ": sizes are positive, at most " +
                                            std::to_string(communicator::max_size) + " ranks in all");
            size_ *= sizes_[a];
        }
        all_ = std::make_unique<team>(size_, slots, limits, failure_, from);
        ranks_.resize(index(size_));
        for (int r = 0; r < size_; ++r) {
            rank_communicators& mine = ranks_[index(r)];
            mine.rank = r;
            mine.all = communicator(*all_, r);
        }
        int stride = size_;
        for (int a = 0; a < axes; ++a) {
            stride /= sizes_[a];
            for (int first = 0; first < size_; ++first) {
                if (first / stride % sizes_[a] != 0) continue;
                groups_.push_back(std::make_unique<team>(sizes_[a], slots, limits, failure_, from));
                for (int i = 0; i < sizes_[a]; ++i) {
                    rank_communicators& mine = ranks_[index(first + i * stride)];
                    mine.coordinate[a] = i;
                    mine.on[a] = communicator(*groups_.back(), i);
                }
            }
        }
        memberships_.resize(index(size_ * axes));
        stride = size_;
        for (int a = 0, begin = 0; a < axes; ++a) {
            stride /= sizes_[a];
            for (int r = 0; r < size_; ++r)  // groups of an axis are listed by their first rank
                memberships_[index(r * axes + a)] =
                    groups_[index(begin + r / (stride * sizes_[a]) * stride + r % stride)].get();
            begin += size_ / sizes_[a];
        }
    }

    /// Ranks in all.
    [[nodiscard]] int size() const noexcept { return size_; }

    /// Calls f(rank_communicators&) once per rank, each on a thread of its own, and joins them all. When a rank throws,
    /// the others end with `rank_failed` at their next collective, waiting ones within 50 ms.
    /// @throws std::runtime_error `rank R: <message>` of the first rank that failed
    /// @snippet 02_shard_and_gather.cpp gather
    template <class F>
    void run(F&& f) {
        failure_.clear();
        all_->reset();
        for (auto& group : groups_) group->reset();
        auto const body = [&](int rank) noexcept {
            try {
                rank_communicators mine = ranks_[index(rank)];
                f(mine);
                mine.withdraw();
                depart(rank);
                return;
            } catch (std::exception const& error) {
                failure_.raise(rank, error.what());
            } catch (...) {
                failure_.raise(rank, "an exception that is no std::exception");
            }
            ranks_[index(rank)].withdraw();
        };
        std::vector<std::thread> threads;
        threads.reserve(index(size_));
        try {
            for (int r = 0; r < size_; ++r) threads.emplace_back(body, r);
        } catch (std::exception const& error) {
            failure_.raise(static_cast<int>(threads.size()), std::string("its thread did not start: ") + error.what());
        }
        for (auto& thread : threads) thread.join();
        if (failure_.raised()) throw std::runtime_error(failure_.message());
    }

  private:
    static std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    static long ranks_of(int const* axis_sizes, int axes) {
        long ranks = 1;
        for (int a = 0; a < axes && a < rank_communicators::max_axes; ++a) ranks *= axis_sizes[a];
        return ranks;
    }

    void depart(int rank) noexcept {
        all_->depart(rank);
        for (int a = 0; a < axes_; ++a) memberships_[index(rank * axes_ + a)]->depart(rank);
    }

    int axes_ = 0;
    int sizes_[rank_communicators::max_axes] = {};
    int size_ = 1;
    poison failure_;
    std::unique_ptr<team> all_;
    std::vector<std::unique_ptr<team>> groups_;
    std::vector<team*> memberships_;  // [rank][axis]
    std::vector<rank_communicators> ranks_;
};

}  // namespace shardtype::thread
