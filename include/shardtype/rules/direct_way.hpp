#pragma once

#include <shardtype/rules/path_search.hpp>

namespace shardtype::detail {

/// The axes that a conversion changes, one hop each, in order; where it is known without a search that every other way
/// is dearer. In bytes and hops of `path_cost`, L being what one device holds:
/// - one axis changes by a row of the table, the others are sharded. A hop on another one only makes L larger, so what is
///   left of any way without them is cheaper; and on one axis no row is beaten by several others.
/// - sharded axes become replicate, from the minor one outwards, an invariant one at most does so before them, with a
///   gradient, no other is invariant. Let f be L over the sizes of the invariant axes. No hop sends less than twice what
///   it adds to f, and only these hops, in this order, send just that; each axis needs as many collectives.
/// Padded shards are searched for, and so are gathers of two dimensions, which may come in either order.
struct direct_way {
    bool known = false;            ///< else search
    int hops = 0;                  ///< used of `axis`
    signed char axis[max_axes]{};  ///< in order

    constexpr direct_way(layout const& from, layout const& to, bool differentiable) {
        int gathered = 0, entered = 0, whole = 0, dim = 0;
        bool kept_invariant = false, one_device = false;
        for (int a = 0; a < from.axes; ++a) {
            placement const x = from.on[a], y = to.on[a];
            if (x.padded || y.padded) return;
            one_device = one_device || from.axis_size[a] < 2;
            if (x == y) {
                if (x.is != kind::shard) ++whole;
                kept_invariant = kept_invariant || x.is == kind::invariant;
                continue;
            }
            axis[hops++] = static_cast<signed char>(a);
            if (y.is != kind::replicate) continue;
            if (x.is == kind::shard) {
                dim = x.dim, ++gathered;
            } else if (x.is == kind::invariant) {
                axis[0] = static_cast<signed char>(a), ++entered;
            }
        }
        if (hops == 0 || (hops == 1 && whole == 0)) {
            known = hops == 0 || is_row(from, from.on[axis[0]], to.on[axis[0]]);
            return;
        }
        if (!differentiable || kept_invariant || one_device) return;
        if (gathered + entered < hops || entered > 1) return;
        int const minor = from.shards(dim) - 1;  // one list of axes, or some are not found
        for (int i = 0; i < gathered; ++i) {
            int const a = from.axis_at(dim, minor - i);
            if (a < 0 || to.on[a].is != kind::replicate) return;
            axis[entered + i] = static_cast<signed char>(a);
        }
        known = true;
    }

  private:
    /// Whether one hop leads from x to y.
    static constexpr bool is_row(layout const& from, placement x, placement y) {
        if (x.is == y.is && (x.is != kind::shard || x.dim == y.dim)) return false;
        if (x.is == kind::shard && x.order != from.shards(x.dim) - 1) return false;
        if (y.is == kind::shard && y.order != from.shards(y.dim)) return false;
        return row_of.there[static_cast<int>(x.is)][static_cast<int>(y.is)];
    }
};

}  // namespace shardtype::detail
