#pragma once

#include <shardtype/comm/mpi/communicator.hpp>
#include <shardtype/mesh/mesh.hpp>

#include <initializer_list>
#include <memory>

namespace shardtype::mpi {

class operands_in_use;

/// What this process, one rank, is given: its place in the mesh, and its handle in the group of every axis through it.
struct rank_communicators {
    using in_use = operands_in_use;     ///< guards memory that collectives use
    static constexpr int max_axes = 4;  ///< of a world

    int rank = 0;                   ///< in the whole mesh
    int coordinate[max_axes] = {};  ///< 0 beyond the mesh's axes
    communicator on[max_axes];      ///< unusable beyond the mesh's axes
    communicator all;               ///< the whole mesh as one group

    /// Ends this rank's part in what it has started and not finished.
    void withdraw() const noexcept {
        all.withdraw();
        for (communicator const& group : on) group.withdraw();
    }
    /// Bytes of room that collectives were not lent and took themselves: 0 where a trainer runs, for it lends them.
    [[nodiscard]] long own_room_bytes() const noexcept {
        long sum = all.own_room_bytes();
        for (communicator const& group : on) sum += group.own_room_bytes();
        return sum;
    }
    /// Seconds that this rank has waited for others.
    [[nodiscard]] double waited_seconds() const noexcept {
        double sum = all.waited_seconds();
        for (communicator const& group : on) sum += group.waited_seconds();
        return sum;
    }
};

/// Declared after memory that collectives use between a start and its finish, and so destroyed before it.
class operands_in_use {
  public:
    /// Of this rank. Copies of small operands are MPI's own: nothing need be lent.
    explicit operands_in_use(rank_communicators const& of, std::byte* = nullptr) : of_(of) {}
    operands_in_use(operands_in_use const&) = delete;
    operands_in_use& operator=(operands_in_use const&) = delete;
    ~operands_in_use() { of_.withdraw(); }

  private:
    rank_communicators of_;
};

/// A mesh of ranks, each a process that MPI has started; rank numbers are MPI_COMM_WORLD's, row-major, the last axis is
/// the fastest. Every process makes the same worlds in the same order.
class world {
  public:
    /// Of this process: `axis_sizes` ranks along each of `axes` axes, with `slots` collectives in flight in one group.
    /// @throws std::invalid_argument where the mesh has another number of ranks than MPI has started; std::runtime_error
    /// for errors of MPI's. Both on all ranks.
    world(process const& here, int const* axis_sizes, int axes, int slots, options with = options::of_environment())
        : here_(here) {
        std::string text;
        long size = 1;
        if (axes < 0 || axes > rank_communicators::max_axes || slots < 0)
            throw std::invalid_argument("a world of " + std::to_string(axes) + " axes and " + std::to_string(slots) +
                                        " slots: axes are 0 to 4, slots not negative");
        for (int a = 0; a < axes; ++a) {
            size *= axis_sizes[a];
            text += (a > 0 ? " x " : "") + std::to_string(axis_sizes[a]);
            if (axis_sizes[a] < 1 || size > detail::max_ranks)
                throw std::invalid_argument("axis " + std::to_string(a) + " of a world has size " +
                                            std::to_string(axis_sizes[a]) + ": sizes are positive, at most " +
                                            std::to_string(detail::max_ranks) + " ranks in all");
        }
        if (size != here.size())
            throw std::invalid_argument("the mesh has " + std::to_string(size) + " ranks (" + text +
                                        "), but MPI has started " + std::to_string(here.size()) +
                                        ": start as many as the mesh has, as in mpirun -n " + std::to_string(size));
        life_ = std::make_unique<lifeline>(with.deadline);
        ranks_.rank = here.rank();
        ranks_.all = join(0, "the world", slots, with.check);
        int stride = static_cast<int>(size);
        for (int a = 0; a < axes; ++a) {
            stride /= axis_sizes[a];
            ranks_.coordinate[a] = here.rank() / stride % axis_sizes[a];
            ranks_.on[a] =
                join(here.rank() - ranks_.coordinate[a] * stride, "axis " + std::to_string(a), slots, with.check);
        }
        ranks_.all.barrier();  // opens all connections now: a peer that cannot be reached is told here
    }
    /// The ranks of a mesh type.
    template <class Axis, class... Axes>  // not a pack alone: `{2, 4}` would deduce mesh<>
    world(process const& here, mesh<Axis, Axes...>, int slots = 1, options with = options::of_environment())
        : world(here, mesh<Axis, Axes...>::axis_size, mesh<Axis, Axes...>::axes, slots, with) {}
    /// The same, from a list: `world(here, {2, 4}, 8)`.
    world(process const& here, std::initializer_list<int> axis_sizes, int slots,
          options with = options::of_environment())
        : world(here, axis_sizes.begin(), static_cast<int>(axis_sizes.size()), slots, with) {}

    /// Ranks in all.
    [[nodiscard]] int size() const noexcept { return here_.size(); }
    /// This process'.
    [[nodiscard]] rank_communicators const& ranks() const noexcept { return ranks_; }
    /// Calls f(rank_communicators&) in this process, and waits for the others. Where a rank throws all processes end,
    /// with one line on the standard error and an exit code that is not 0.
    template <class F>
    void run(F&& f) {
        try {
            rank_communicators mine = ranks_;
            f(mine);
            mine.all.barrier();
        } catch (std::exception const& error) {
            detail::abort_all(life_->name(here_.rank()) + ": " + error.what());
        } catch (...) {
            detail::abort_all(life_->name(here_.rank()) + ": an exception that is no std::exception");
        }
    }

  private:
    communicator join(int color, std::string name, int slots, bool check) {
        MPI_Comm made = MPI_COMM_NULL;
        detail::check(MPI_Comm_split(MPI_COMM_WORLD, color, here_.rank(), &made), "MPI_Comm_split");
        groups_.push_back(std::make_unique<group>(made, std::move(name), slots, *life_, check));
        return communicator(*groups_.back());
    }

    process const& here_;
    std::unique_ptr<lifeline> life_;
    std::vector<std::unique_ptr<group>> groups_;
    rank_communicators ranks_;
};

}  // namespace shardtype::mpi
