#pragma once

#include <shardtype/search/chain_bounds.hpp>

namespace shardtype::detail {

/// A part of a plan that begins at one end of the chain: its last option, and the same part without it.
struct chain_label {
    long time, memory;
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
    int at, end;
    long time, memory;  // of the edge or the option
    short option;
    long head_time, head_memory;
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

    constexpr label_merge(chain_measure by, chain_label* labels, int capacity)
        : of_time(by.of_time), of_memory(by.of_memory), label(labels), kept(capacity) {}

    /// Takes a list into account, unless none of its labels can stay within the limits.
    constexpr void offer(label_list const& list, long time, long memory, int option, label_limits const& to) {
        if (list.begin != list.end && list.cost + time * of_time + memory * of_memory <= to.cost &&
            label[list.begin].memory + memory <= to.memory && label[list.end - 1].time + time < to.time)
            source[sources++] = {list.begin,
                                 list.end,
                                 time,
                                 memory,
                                 static_cast<short>(option),
                                 label[list.begin].time + time,
                                 label[list.begin].memory + memory};
    }
    /// Appends at `used` what was offered, less what is beaten or out of limits. False: no room.
    constexpr bool take(label_limits const& within, short layout, int& used, int capacity, label_list& list) {
        long last = within.time, least = unreachable;
        list.begin = used;
        for (int b = 0; sources > 0; b = 0) {
            for (int k = 1; k < sources; ++k)
                b = source[k].head_memory < source[b].head_memory || (source[k].head_memory == source[b].head_memory &&
                                                                      source[k].head_time < source[b].head_time)
                        ? k
                        : b;
            label_source& s = source[b];
            work += 11 + sources;
            if (s.head_memory > within.memory) break;
            if (s.head_time < last && s.head_time * of_time + s.head_memory * of_memory <= within.cost) {
                if (used == capacity) return false;
                label[used++] = {s.head_time, s.head_memory, s.at < kept ? s.at : label[s.at].parent, s.option, layout};
                last = s.head_time;
                least = last * of_time + s.head_memory * of_memory < least ? last * of_time + s.head_memory * of_memory
                                                                           : least;
            }
            for (++s.at; s.at < s.end && label[s.at].time + s.time >= last;) ++s.at;
            if (s.at == s.end)
                s = source[--sources];
            else
                s.head_time = label[s.at].time + s.time, s.head_memory = label[s.at].memory + s.memory;
        }
        sources = 0, list.end = used, list.cost = least;
        return true;
    }
};

}  // namespace shardtype::detail
