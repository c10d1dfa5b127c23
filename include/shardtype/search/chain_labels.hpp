#pragma once

#include <shardtype/search/chain_bounds.hpp>

namespace shardtype::detail {

/// A part of a plan that begins at one end of the chain: its last option, and the same part without it.
struct chain_label {
    long time, memory, cost;  // cost: by the measure of the search
    int parent;
    short option, layout;
};

/// Labels [begin, end) by ascending memory and descending time, and the least cost among them.
struct label_list {
    int begin, end;
    long cost;
};

/// What a label must stay within to matter: its rest is at least what the tables say.
struct label_limits {
    long time, memory, cost;  // time: exclusive
};

/// A list on its way over an edge or through an option.
struct label_source {
    int at, end;        // labels still to be taken; the first one is within the limits
    long time, memory;  // of the edge or the option
    long cost, most;    // its cost, and the most that a label may cost before it
    short option;
};

/// Sorted lists of labels and their union. Few and long statements: they are what a compiler's limits count.
template <int MaxSources>
struct label_merge {
    long of_time, of_memory;  // of a label's cost
    chain_label* label;
    int kept;  // labels below it are parents; those from it on stand for theirs
    int sources = 0;
    long work = 0;  // about the statements so far
    label_source source[MaxSources];
    long head[MaxSources];  // of each source: memory behind the option

    constexpr label_merge(chain_measure by, chain_label* labels, int capacity)
        : of_time(by.of_time), of_memory(by.of_memory), label(labels), kept(capacity) {}

    /// Takes a list into account, unless none of its labels can stay within the limits.
    constexpr void offer(label_list const& list, long time, long memory, int option, label_limits const& to) {
        long const cost = time * of_time + memory * of_memory, most = to.cost - cost;
        int at = list.begin;
        if (at == list.end || list.cost > most || label[list.end - 1].time + time >= to.time) return;
        while (at < list.end && (label[at].cost > most || label[at].time + time >= to.time)) ++at;
        work += 3 * (at - list.begin);
        if (at == list.end || label[at].memory + memory > to.memory) return;
        head[sources] = label[at].memory + memory;
        source[sources++] = {at, list.end, time, memory, cost, most, static_cast<short>(option)};
    }
    /// Appends at `used` what was offered, less what is beaten or out of limits. False: no room.
    constexpr bool take(label_limits const& within, short layout, int& used, int capacity, label_list& list) {
        long last = within.time, least = unreachable, memory = -1;
        list.begin = used;
        while (sources > 0) {
            int b = 0;
            long next = head[0];
            for (int k = 1; k < sources; ++k)
                if (head[k] < next) next = head[k], b = k;
            label_source& s = source[b];
            work += 6 + 2 * sources;
            if (next > within.memory) break;
            chain_label const& from = label[s.at];
            if (from.time + s.time < last) {
                int const parent = s.at < kept ? s.at : from.parent;
                last = from.time + s.time;
                least = from.cost + s.cost < least ? from.cost + s.cost : least;
                if (next == memory) --used;  // as small, and faster
                if (used == capacity) return false;
                label[used++] = {last, next, from.cost + s.cost, parent, s.option, layout};
                memory = next;
            }
            int at = s.at + 1;
            while (at < s.end && (label[at].time + s.time >= last || label[at].cost > s.most)) ++at;
            work += 3 * (at - s.at);
            if (at == s.end)
                --sources, head[b] = head[sources], source[b] = source[sources];
            else
                head[b] = label[at].memory + s.memory, s.at = at;
        }
        sources = 0, list.end = used, list.cost = least;
        return true;
    }
};

}  // namespace shardtype::detail
