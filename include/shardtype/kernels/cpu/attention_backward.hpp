#pragma once
#include <cmath>
#include <numbers>
#include <shardtype/kernels/cpu/attention_tile.hpp>

namespace shardtype::detail {

/// Gradients of one head, computed in T. The lanes of the scores are keys, so that four of the five products read their
/// vectors as they lie; only dq, whose sums run over the lanes, broadcasts instead.
template <class T>
struct attention_backward_head {
    using pack = simd::pack<T>;
    static constexpr long lanes = simd::lanes<T>;
    static constexpr long scalars = attention_scalars<T>;
    static constexpr long tile = attention_tile_lanes<T>;

    long seq, head_dim, width;    // width: head_dim padded to whole vectors
    T *q, *dout, *dq;             // [round_up(seq, max_lanes), width], rows past seq are zero
    T *whole, *fraction, *delta;  // [the same rows]: lse / ln 2 = whole + fraction; delta = sum(dout * out)
    T* k;                         // [tile, width], times scale
    T *kt, *vt;                   // [width, tile], transposed; kt times scale * log2(e)
    T *dkt, *dvt;                 // [width, tile]
    T *p, *ds;                    // [attention_block, tile]: probabilities, gradients of the scores

    /// dq of `rows` rows from `row` += ds[row][key] * k[key] over the first `keys` keys.
    void add_dq(long row, long rows, long keys) {
        constexpr fixed<1> step;
        constexpr fixed<tile> next;
        for (long i = 0; i < rows;) {
            T const* const weights = ds + i * tile;
            T* const to = dq + (row + i) * width;
            if (width == lanes && rows - i >= 2 * scalars) {  // one vector wide: more rows fill the registers
                add_outer_products<1, 2 * scalars>(to, width, k, width, weights, step, next, keys);
                i += 2 * scalars;
                continue;
            }
            long x = 0;
            for (; x + 2 * lanes <= width; x += 2 * lanes)
                add_outer_products<2, scalars>(to + x, width, k + x, width, weights, step, next, keys);
            if (x < width) add_outer_products<1, scalars>(to + x, width, k + x, width, weights, step, next, keys);
            i += scalars;
        }
    }

    /// Queries row .. row + rows against the first A vectors of keys. On the diagonal the last of these vectors starts
    /// at key `row` and is masked.
    template <int A, bool Diagonal>
    void see(long row, long rows) {
        auto const lane = simd::iota<T>();
        for (long i = 0; i < rows; i += scalars) {
            T const* const fractions = fraction + row + i;
            T const* const deltas = delta + row + i;
            T const* const shifts = whole + row + i;
            T* const pi = p + i * tile;
            T* const dsi = ds + i * tile;
            pack s[A][scalars];
            simd::unroll<scalars, A>([&](auto b, auto a)
                                         __attribute__((always_inline)) { s[a][b] = pack(-fractions[b]); });
            outer_products(s, kt, tile, q + (row + i) * width, fixed<1>{}, width, head_dim);
            simd::unroll<scalars, A>([&](auto b, auto a) __attribute__((always_inline)) {
                pack x = simd::exp2(s[a][b], pack(shifts[b]));
                if constexpr (Diagonal && a == A - 1)
                    x = xsimd::select(lane <= pack(static_cast<T>(i + b)), x, pack(T(0)));
                x.store_aligned(pi + b * tile + a * lanes);
            });
            simd::unroll<scalars, A>([&](auto b, auto a)
                                         __attribute__((always_inline)) { s[a][b] = pack(-deltas[b]); });
            outer_products(s, vt, tile, dout + (row + i) * width, fixed<1>{}, width, head_dim);
            simd::unroll<scalars, A>([&](auto b, auto a) __attribute__((always_inline)) {
                (pack::load_aligned(pi + b * tile + a * lanes) * s[a][b]).store_aligned(dsi + b * tile + a * lanes);
            });
        }
        for (long x = 0; x < head_dim; x += scalars)
            add_outer_products<A, scalars>(dvt + x * tile, tile, p, tile, dout + row * width + x, width, fixed<1>{},
                                           rows);
        for (long x = 0; x < head_dim; x += scalars)
            add_outer_products<A, scalars>(dkt + x * tile, tile, ds, tile, q + row * width + x, width, fixed<1>{},
                                           rows);
        add_dq(row, rows, A * lanes);
    }

    /// All queries that may see the tile of A vectors of keys from `key`.
    template <int A>
    void tile_of(long key) {
        simd::unroll<A>([&](auto c) __attribute__((always_inline)) {
            if (key + c * lanes < seq) see<c + 1, true>(key + c * lanes, lanes);
        });
        long const end = attention_round_up(seq, lanes);
        for (long row = key + A * lanes; row < end; row += attention_block)
            see<A, false>(row, end - row < attention_block ? end - row : attention_block);
    }

    /// Packs what belongs to queries; `out` and `dout_rows` are strided like q.
    template <class Memory>
    void begin(Memory const* q_rows, Memory const* out, Memory const* dout_rows, T const* lse, long stride) {
        long const rows = attention_round_up(seq, lanes);
        pack_rows<T>(q_rows, stride, seq, head_dim, q, width, rows);
        pack_rows<T>(out, stride, seq, head_dim, dq, width, rows);  // for delta; dq comes later
        pack_rows<T>(dout_rows, stride, seq, head_dim, dout, width, rows);
        for (long i = 0; i < rows; ++i) {
            pack sum(T(0));
            for (long x = 0; x < width; x += lanes)
                sum = simd::fma(pack::load_aligned(dq + i * width + x), pack::load_aligned(dout + i * width + x), sum);
            delta[i] = xsimd::hadd(sum);
            double const log2 = i < seq ? static_cast<double>(lse[i]) * std::numbers::log2e : 0.0;
            double const nearest = std::nearbyint(log2);
            whole[i] = static_cast<T>(nearest);
            fraction[i] = static_cast<T>(log2 - nearest);
        }
        for (long x = 0; x < rows * width; ++x) dq[x] = T(0);
    }

    /// Adds to dk and dv instead of writing them if `add`: several query heads share one of k and v.
    template <class Memory, class Sum>
    void run(Memory const* k_rows, Memory const* v_rows, long stride, Sum* dk, Sum* dv, long sum_stride, bool add) {
        double const scale = 1 / std::sqrt(static_cast<double>(head_dim));
        for (long key = 0; key < seq; key += tile) {
            long const rows = seq - key < tile ? seq - key : tile;
            long const vectors = (rows + lanes - 1) / lanes;
            long const at = key * stride;
            pack_rows<T>(k_rows + at, stride, rows, head_dim, k, width, vectors * lanes, static_cast<T>(scale));
            pack_transposed<T>(k_rows + at, stride, rows, head_dim, kt, tile, vectors * lanes,
                               static_cast<T>(scale * std::numbers::log2e));
            pack_transposed<T>(v_rows + at, stride, rows, head_dim, vt, tile, vectors * lanes, T(1));
            for (long x = 0; x < width * tile; ++x) dkt[x] = dvt[x] = T(0);
            switch (vectors) {
                case 1:
                    tile_of<1>(key);
                    break;
                case 2:
                    tile_of<2>(key);
                    break;
                default:
                    tile_of<3>(key);
                    break;
            }
            unpack_transposed<T>(dkt, tile, rows, head_dim, dk + key * sum_stride, sum_stride, static_cast<T>(scale),
                                 add);
            unpack_transposed<T>(dvt, tile, rows, head_dim, dv + key * sum_stride, sum_stride, T(1), add);
        }
    }
};

}  // namespace shardtype::detail

namespace shardtype::cpu {

/// Gradients of `attention_forward`, recomputing the probabilities from its `lse`. out, dout, dq are shaped like q; dk,
/// dv like k; all three results are written, not added to, and rounded once where they are bf16. Needs
/// attention_backward_scratch_bytes<T>(s) of scratch; throws std::runtime_error if there is less. Cost: 5 * seq^2 *
/// head_dim flops per head; the seq x seq matrix is never stored.
template <class T>
void attention_backward(execution const& e, attention_shape s, T const* q, T const* k, T const* v, T const* out,
                        wide_t<T> const* lse, T const* dout, T* dq, T* dk, T* dv) {
    using wide = wide_t<T>;
    auto scratch = detail::attention_scratch<T>(e, s, attention_backward_scratch_bytes<T>(s), "attention_backward");
    long const width = detail::attention_round_up(s.head_dim, detail::attention_max_lanes<T>);
    long const rows = detail::attention_round_up(s.seq, detail::attention_max_lanes<T>);
    detail::attention_backward_head<wide> head;
    head.seq = s.seq;
    head.head_dim = s.head_dim;
    head.width = width;
    for (wide** array : {&head.q, &head.dout, &head.dq}) *array = scratch.take(rows * width);
    for (wide** array : {&head.whole, &head.fraction, &head.delta}) *array = scratch.take(rows);
    for (wide** array : {&head.k, &head.kt, &head.vt, &head.dkt, &head.dvt}) *array = scratch.take(width * head.tile);
    for (wide** array : {&head.p, &head.ds}) *array = scratch.take(detail::attention_block * head.tile);
    long const stride = s.heads * s.head_dim, kv_stride = s.kv_heads * s.head_dim, group = s.heads / s.kv_heads;
    for (long b = 0; b < s.batch; ++b)
        for (long h = 0; h < s.heads; ++h) {
            long const offset = b * s.seq * stride + h * s.head_dim;
            long const kv_offset = b * s.seq * kv_stride + h / group * s.head_dim;
            T* const to_k = dk + kv_offset;
            T* const to_v = dv + kv_offset;
            head.begin(q + offset, out + offset, dout + offset, lse + (b * s.heads + h) * s.seq, stride);
            bool const add = h % group != 0;
            if constexpr (std::is_same_v<T, wide>) {
                head.run(k + kv_offset, v + kv_offset, kv_stride, to_k, to_v, kv_stride, add);
            } else {  // summed over the heads before it is rounded
                wide* const sum_k = scratch.next;
                wide* const sum_v = sum_k + s.seq * width;
                head.run(k + kv_offset, v + kv_offset, kv_stride, sum_k, sum_v, width, add);
                if ((h + 1) % group == 0) {
                    detail::unpack_rows(sum_k, width, s.seq, s.head_dim, to_k, kv_stride);
                    detail::unpack_rows(sum_v, width, s.seq, s.head_dim, to_v, kv_stride);
                }
            }
            detail::unpack_rows(head.dq, width, s.seq, s.head_dim, dq + offset, stride);
        }
}

}  // namespace shardtype::cpu
