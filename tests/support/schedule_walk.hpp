#pragma once

#include <shardtype/shardtype.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace st = shardtype;

/// Walks a schedule as the run time does, trip by trip, with a note for every 64 bytes of the arena: whose they are.
/// It finds values that are read before they are written, or after something else was written over them, operands that
/// lie on top of each other, sources that change and targets that are used between a collective's start and its wait,
/// and rooms that something else is written to while a collective may still use them.
/// It shares nothing with the library's own computation of lifetimes.
class schedule_walk {
  public:
    explicit schedule_walk(st::schedule_view const& schedule) : s_(schedule) {
        arena_ = s_.at.arena_bytes;
        owner_.assign(static_cast<std::size_t>((arena_ + grain - 1) / grain), -1);
        first_.resize(static_cast<std::size_t>(s_.buffer_count));
        for (int k = 0; k < s_.buffer_count; ++k) {
            st::buffer const& b = s_.buffers[k];
            first_[static_cast<std::size_t>(k)] = static_cast<int>(values_.size());
            for (int slot = 0; slot < b.period; ++slot)
                values_.push_back({k, b.offset + b.stride * slot, b.bytes, state::unwritten, 0, -1, -1});
            if (b.offset % grain != 0 || b.offset < 0 || b.offset + b.stride * b.period > arena_)
                fault("buffer " + std::to_string(k) + " is not aligned or not inside the arena");
        }
        for_each_parameter_slot([&](int weight, int) { write(weight); });
        write(id(s_.at.moment1, 0));
        write(id(s_.at.moment2, 0));
        walk_all(st::segment_kind::set_up);
    }

    void training_step(int micro_batches) {
        for_each_parameter_slot([&](int, int gradient) { at(gradient).is = state::unwritten; });
        walk_all(st::segment_kind::begin_step);
        for (micro_batch_ = 0; micro_batch_ < micro_batches; ++micro_batch_) {
            write(id(s_.at.tokens, 0));
            write(id(s_.at.targets, 0));
            walk_all(st::segment_kind::forward);
            walk_all(st::segment_kind::backward);
        }
        walk_all(st::segment_kind::report);
        walk_all(st::segment_kind::update);
        here_ = "after the step";
        read(id(s_.at.report, 0));
        for_each_parameter_slot([&](int weight, int) { read(weight); });
    }

    std::set<std::string> const& faults() const { return faults_; }
    std::string text() const {
        std::string all;
        for (auto const& f : faults_) all += f + "\n";
        return all;
    }
    /// The largest number of bytes that held something still to be read, over all moments: no arena can be smaller.
    long needed_bytes() const {
        std::vector<long> change(static_cast<std::size_t>(now_) + 2);
        for (auto const& l : lives_) {
            change[static_cast<std::size_t>(l.from)] += l.bytes;
            change[static_cast<std::size_t>(l.to) + 1] -= l.bytes;
        }
        long sum = 0, most = 0;
        for (long c : change) sum += c, most = std::max(most, sum);
        return most;
    }

  private:
    static constexpr long grain = 64;
    enum class state { unwritten, in_flight, written, released };
    struct value {  // what one slot of one buffer holds
        int buffer;
        long offset, bytes;
        state is;
        int version;
        long written_at;
        long life;  // index into lives_
    };
    struct life {
        long from, to, bytes;
    };
    struct open_collective {
        int step = -1, source = -1, target = -1, source_version = 0;
        int room = -1;
        bool waited = false;
    };

    value& at(int v) { return values_[static_cast<std::size_t>(v)]; }
    int id(int buffer, int slot) const { return first_[static_cast<std::size_t>(buffer)] + slot; }
    static long up(long bytes) { return (bytes + grain - 1) / grain * grain; }

    template <class F>
    void for_each_parameter_slot(F f) {
        for (int k = 0; k < s_.parameter_count; ++k)
            for (int layer = 0; layer < s_.parameters[k].is.layers; ++layer)
                f(id(s_.parameters[k].weight, layer), id(s_.parameters[k].gradient, layer));
    }
    /// An operand as values: a whole region is all that lies in it.
    std::vector<int> values_of(int buffer, int slot) {
        std::vector<int> v;
        if (buffer == s_.at.weights)
            for_each_parameter_slot([&](int w, int) { v.push_back(w); });
        else if (buffer == s_.at.gradients)
            for_each_parameter_slot([&](int, int g) { v.push_back(g); });
        else
            v.push_back(id(buffer, slot));
        return v;
    }

    void fault(std::string const& what) {
        if (faults_.size() < 20) faults_.insert(here_ + ": " + what);
    }
    std::string describe(int v) {
        st::buffer const& b = s_.buffers[at(v).buffer];
        return "buffer " + std::to_string(at(v).buffer) + " slot " + std::to_string(v - id(at(v).buffer, 0)) + " of " +
               std::to_string(b.period) + " (" + std::to_string(b.bytes) + " bytes)";
    }
    bool owns(int v) {
        for (long g = at(v).offset / grain; g < (at(v).offset + up(at(v).bytes)) / grain; ++g)
            if (owner_[static_cast<std::size_t>(g)] != v) return false;
        return true;
    }
    void claim(int v) {
        for (long g = at(v).offset / grain; g < (at(v).offset + up(at(v).bytes)) / grain; ++g)
            owner_[static_cast<std::size_t>(g)] = v;
    }
    void read(int v) {
        if (at(v).is != state::written)
            fault(describe(v) + (at(v).is == state::unwritten   ? " is read before it is written"
                                 : at(v).is == state::in_flight ? " is read before its wait"
                                                                : " is read after its release"));
        else if (!owns(v))
            fault(describe(v) + " is read after something else was written there");
        if (at(v).life >= 0) lives_[static_cast<std::size_t>(at(v).life)].to = now_;
    }
    void write(int v, state to = state::written, bool goes_on = false) {
        claim(v);
        at(v).is = to;
        ++at(v).version;
        if (goes_on) return;
        at(v).life = static_cast<long>(lives_.size());
        lives_.push_back({now_, now_, up(at(v).bytes)});
    }

    bool may_be_in_place(st::step const& t) const {
        char const* const names[] = {st::kernels::add::name, st::kernels::all_reduce::name,
                                     st::kernels::all_reduce_max::name, st::kernels::adamw::name};
        for (char const* name : names)
            if (t.kernel == st::name_id(name)) return true;
        return false;
    }
    void check_overlap(st::step const& t, std::vector<int> const& operands) {
        for (int i = 0; i < t.args; ++i)
            for (int j = 0; j < t.args; ++j) {
                if (i == j || ((t.writes >> j) & 1U) == 0) continue;
                value const& x = at(operands[static_cast<std::size_t>(i)]);
                value const& y = at(operands[static_cast<std::size_t>(j)]);
                if (&x == &y && may_be_in_place(t)) continue;
                if (x.offset < y.offset + up(y.bytes) && y.offset < x.offset + up(x.bytes))
                    fault("arguments " + std::to_string(i) + " and " + std::to_string(j) + " overlap");
            }
        if (t.scratch < 0) return;
        value const& scratch = at(id(t.scratch, 0));
        for (int v : operands)
            if (at(v).offset < scratch.offset + up(scratch.bytes) && scratch.offset < at(v).offset + up(at(v).bytes))
                fault("scratch overlaps an argument");
    }

    void walk_all(st::segment_kind when) {
        for (int g = 0; g < s_.segment_count; ++g)
            if (s_.segments[g].when == when) walk(s_.segments[g]);
    }
    void walk(st::segment const& g) {
        for (int trip = 0; trip < g.trips; ++trip)
            for (int i = g.begin; i < g.end; ++i) {
                st::step const& t = s_.steps[i];
                if (trip < t.from || trip >= t.to) continue;
                here_ = "step " + std::to_string(i) + (t.kind == st::step_kind::collective_wait ? " (wait)" : "");
                ++now_;
                run(t, i, trip, g.reverse ? g.trips - 1 - trip : trip);
            }
        for (auto const& o : open_)
            if (o.step >= 0) fault("a collective is not finished in its segment");
    }

    void run(st::step const& t, int index, int trip, int layer) {
        std::vector<int> operands;
        for (int k = 0; k < t.args; ++k)
            operands.push_back(id(t.arg[k].buffer, (layer + t.arg[k].shift) % s_.buffers[t.arg[k].buffer].period));
        if (t.kind == st::step_kind::release) {
            at(operands[0]).is = state::released;
            return;
        }
        check_overlap(t, operands);
        if (t.kind == st::step_kind::kernel) {
            for (int k = 0; k < t.args; ++k) {
                bool const adds = ((t.writes >> k) & 1U) != 0 && adds_to(t.arg[k]);
                if (((t.reads >> k) & 1U) != 0 || adds)
                    for (int v : values(t, k, operands)) read(v);
            }
            if (t.scratch >= 0) write(id(t.scratch, 0), state::unwritten);
            for (int k = 0; k < t.args; ++k) {
                bool const goes_on = ((t.reads >> k) & 1U) != 0 || adds_to(t.arg[k]);
                if (((t.writes >> k) & 1U) != 0)
                    for (int v : values(t, k, operands)) write(v, state::written, goes_on);
            }
            return;
        }
        int const source = operands[0], target = operands[1], room = t.args > 2 ? operands[2] : -1;
        auto const slot = static_cast<std::size_t>(t.slot * 2 + ((trip + t.ahead) & 1));
        if (t.slot < 0 || t.slot >= s_.at.slots) return fault("a slot that is not there");
        if (open_.size() <= slot) open_.resize(slot + 1);
        open_collective& o = open_[slot];
        if (t.kind == st::step_kind::collective_finish) {
            if (!o.waited || o.source != source || o.target != target || o.room != room)
                fault("a finish without its wait");
            if (packs(t)) use_room(room);
            if (at(source).version != o.source_version && target != source)
                fault("the source was written between start and finish");
            o = {};
            return;
        }
        if (t.kind != st::step_kind::collective_wait) {
            if (o.step >= 0) fault("a start in a slot that is in use");
            read(source);
            if (adds_to(t.arg[1])) read(target);
            o = {index, source, target, at(source).version, room};
            if (target != source) write(target, state::in_flight, adds_to(t.arg[1]));
            if (room >= 0 && t.dim[st::max_dims - 1] != at(room).bytes)
                fault("a room of other bytes than its step says");
            if (room >= 0) write(room, state::in_flight);
            return;
        }
        if (o.step < 0 || o.source != source || o.target != target || o.room != room ||
            s_.steps[o.step].kernel != t.kernel)
            fault("a wait without its start");
        use_room(room);
        read(source);
        if (at(source).version != o.source_version) fault("the source was written between start and wait");
        if (!owns(target)) fault("the target was written between start and wait");
        write(target, state::written, true);
        if (at(target).life >= 0) lives_[static_cast<std::size_t>(at(target).life)].to = now_;
        o.waited = true;
    }
    // Of these collectives ranks may still send from their rooms until the finish; of others the room is for what comes.
    static bool packs(st::step const& t) {
        return t.kernel == st::name_id("reduce_scatter") || t.kernel == st::name_id("all_to_all");
    }
    void use_room(int room) {
        if (room < 0) return;
        if (!owns(room)) fault("the room was written while its collective was under way");
        lives_[static_cast<std::size_t>(at(room).life)].to = now_;
    }
    std::vector<int> values(st::step const& t, int k, std::vector<int> const& operands) {
        int const buffer = t.arg[k].buffer;
        if (buffer == s_.at.weights || buffer == s_.at.gradients) return values_of(buffer, 0);
        return {operands[static_cast<std::size_t>(k)]};
    }
    bool adds_to(st::argument const& a) const {
        return a.mode == st::accumulate::add || (a.mode == st::accumulate::add_after_first && micro_batch_ > 0);
    }

    st::schedule_view const& s_;
    long arena_ = 0;
    std::vector<int> owner_;
    std::vector<int> first_;
    std::vector<value> values_;
    std::vector<life> lives_;
    std::vector<open_collective> open_;
    std::set<std::string> faults_;
    std::string here_ = "set-up";
    long now_ = 0;
    int micro_batch_ = 0;
};
