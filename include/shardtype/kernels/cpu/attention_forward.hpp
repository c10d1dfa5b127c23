#pragma once
#include <cmath>
#include <limits>
#include <numbers>
#include <shardtype/kernels/cpu/attention_tile.hpp>

namespace shardtype::detail {

/// How a pass over the keys treats scores: `plain` takes exp of them as they are, `maxima` only finds each row's
/// maximum, `shifted` takes exp of the score minus that maximum.
enum class attention_pass : unsigned char { plain, maxima, shifted };

/// Attention of one head, computed in T. The lanes of all vectors are queries, so softmax needs no shuffles.
template <class T>
struct attention_forward_head {
    using pack = simd::pack<T>;
    static constexpr long lanes = simd::lanes<T>;
    static constexpr long scalars = attention_scalars<T>;
    static constexpr long tile = attention_tile_lanes<T>;

    long seq, head_dim, width;  // width: head_dim padded to whole vectors
    T *k, *v;                   // [round_up(seq, lanes), width], rows past seq are zero
    T *queries, *out;           // [width, tile], transposed; queries hold scale * log2(e)
    T* scores;                  // [attention_block, tile]
    T *sums, *maxima;           // [tile]

    /// Lets vectors first .. first+A-1 of the tile see `keys` keys from `key`. On the diagonal the first of these
    /// vectors starts at query `key` and is masked.
    template <attention_pass Pass, int A, bool Diagonal>
    void see(long key, long keys, int first) {
        long const at = first * lanes;
        auto const lane = simd::iota<T>();
        pack row_sums[A], row_maxima[A];
        simd::unroll<A>([&](auto a) __attribute__((always_inline)) {
            row_sums[a] = pack(T(0));
            row_maxima[a] = pack::load_aligned(maxima + at + a * lanes);
        });
        for (long j = 0; j < keys; j += scalars) {
            pack s[A][scalars];
            simd::unroll<A, scalars>([&](auto a, auto b) __attribute__((always_inline)) { s[a][b] = pack(T(0)); });
            outer_products(s, queries + at, tile, k + (key + j) * width, fixed<1>{}, width, head_dim);
            simd::unroll<scalars, A>([&](auto b, auto a) __attribute__((always_inline)) {
                constexpr bool masked = Diagonal && a == 0;
                auto const visible = lane >= pack(static_cast<T>(j + b));
                if constexpr (Pass == attention_pass::maxima) {
                    auto const x = xsimd::max(row_maxima[a], s[a][b]);
                    row_maxima[a] = masked ? xsimd::select(visible, x, row_maxima[a]) : x;
                } else {
                    auto const x = simd::exp2(Pass == attention_pass::shifted ? s[a][b] - row_maxima[a] : s[a][b]);
                    auto const p = masked ? xsimd::select(visible, x, pack(T(0))) : x;
                    row_sums[a] = row_sums[a] + p;
                    p.store_aligned(scores + (j + b) * tile + at + a * lanes);
                }
            });
        }
        if constexpr (Pass == attention_pass::maxima) {
            simd::unroll<A>([&](auto a) __attribute__((always_inline)) {
                row_maxima[a].store_aligned(maxima + at + a * lanes);
            });
        } else {
            simd::unroll<A>([&](auto a) __attribute__((always_inline)) {
                T* const sum = sums + at + a * lanes;
                (pack::load_aligned(sum) + row_sums[a]).store_aligned(sum);
            });
            for (long x = 0; x < head_dim; x += scalars)
                add_outer_products<A, scalars>(out + x * tile + at, tile, scores + at, tile, v + key * width + x, width,
                                               fixed<1>{}, keys);
        }
    }

    /// All keys that the tile of A vectors of queries from `query` may see.
    template <attention_pass Pass, int A>
    void pass(long query) {
        if constexpr (Pass == attention_pass::maxima) {
            for (long i = 0; i < tile; ++i) maxima[i] = std::numeric_limits<T>::lowest();
        } else {
            for (long x = 0; x < width * tile; ++x) out[x] = T(0);
            for (long i = 0; i < tile; ++i) sums[i] = T(0);
        }
        for (long key = 0; key < query; key += attention_block)
            see<Pass, A, false>(key, query - key < attention_block ? query - key : attention_block, 0);
        simd::unroll<A>([&](auto c) __attribute__((always_inline)) {
            if (query + c * lanes < seq) see<Pass, A - c, true>(query + c * lanes, lanes, c);
        });
    }

    /// Leaves the tile's unnormalised output in `out`, its row sums in `sums`. Scores need no maximum subtracted unless
    /// they are extreme: a row sum tells. Once one was extreme, the rest of the head looks for maxima first.
    template <int A>
    void tile_of(long query, bool& extreme) {
        if (!extreme) {
            pass<attention_pass::plain, A>(query);
            for (int a = 0; a < A; ++a) {
                auto const sum = pack::load_aligned(sums + a * lanes);
                extreme |= !xsimd::all((sum > pack(T(0x1p-64))) & (sum < pack(T(0x1p64))));
            }
            for (int i = 0; i < tile; ++i) maxima[i] = T(0);
        }
        if (extreme) {
            pass<attention_pass::maxima, A>(query);
            pass<attention_pass::shifted, A>(query);
        }
    }

    template <class Memory>
    void run(Memory const* q, long stride, Memory* result, T* lse) {
        T const scale = static_cast<T>(std::numbers::log2e / std::sqrt(static_cast<double>(head_dim)));
        bool extreme = false;
        for (long query = 0; query < seq; query += tile) {
            long const rows = seq - query < tile ? seq - query : tile;
            long const vectors = (rows + lanes - 1) / lanes;
            pack_transposed<T>(q + query * stride, stride, rows, head_dim, queries, tile, vectors * lanes, scale);
            switch (vectors) {
                case 1:
                    tile_of<1>(query, extreme);
                    break;
                case 2:
                    tile_of<2>(query, extreme);
                    break;
                default:
                    tile_of<3>(query, extreme);
                    break;
            }
            for (long a = 0; a < vectors; ++a) {
                auto const inverse = pack(T(1)) / pack::load_aligned(sums + a * lanes);
                for (long x = 0; x < head_dim; ++x) {
                    T* const o = out + x * tile + a * lanes;
                    (pack::load_aligned(o) * inverse).store_aligned(o);
                }
            }
            // the scalar log: xsimd::log does not pass through nvcc without optimisation
            for (long i = 0; i < rows; ++i) lse[query + i] = std::log(sums[i]) + maxima[i] * std::numbers::ln2_v<T>;
            unpack_transposed<T>(out, tile, rows, head_dim, result + query * stride, stride, T(1), false);
        }
    }
};

}  // namespace shardtype::detail

namespace shardtype::cpu {

/// Causal attention: out[i] = sum over j <= i of softmax_j(q[i] . k[j] / sqrt(head_dim)) v[j], and lse[i], the
/// logarithm of the softmax's denominator, which the backward pass reads. q, out [batch, seq, heads, head_dim]; k, v
/// [batch, seq, kv_heads, head_dim], query head h reads kv head h / (heads / kv_heads); lse [batch, heads, seq]. bf16
/// is computed in float, lse is float. Needs attention_forward_scratch_bytes<T>(s) of scratch; throws
/// std::runtime_error if there is less. Cost: 2 * seq^2 * head_dim flops per head (the causal half); the seq x seq
/// matrix is never stored.
template <class T>
void attention_forward(execution const& e, attention_shape s, T const* q, T const* k, T const* v, T* out,
                       wide_t<T>* lse) {
    using wide = wide_t<T>;
    auto scratch = detail::attention_scratch<T>(e, s, attention_forward_scratch_bytes<T>(s), "attention_forward");
    long const width = detail::attention_round_up(s.head_dim, detail::attention_max_lanes<T>);
    long const rows = detail::attention_round_up(s.seq, simd::lanes<T>);
    detail::attention_forward_head<wide> head;
    head.seq = s.seq;
    head.head_dim = s.head_dim;
    head.width = width;
    head.k = scratch.take(rows * width);
    head.v = scratch.take(rows * width);
    head.queries = scratch.take(width * head.tile);
    head.out = scratch.take(width * head.tile);
    head.scores = scratch.take(detail::attention_block * head.tile);
    head.sums = scratch.take(head.tile);
    head.maxima = scratch.take(head.tile);
    long const stride = s.heads * s.head_dim, kv_stride = s.kv_heads * s.head_dim, group = s.heads / s.kv_heads;
    for (long b = 0; b < s.batch; ++b)
        for (long h = 0; h < s.heads; ++h) {
            if (h % group == 0) {
                long const offset = b * s.seq * kv_stride + h / group * s.head_dim;
                detail::pack_rows<wide>(k + offset, kv_stride, s.seq, s.head_dim, head.k, width, rows);
                detail::pack_rows<wide>(v + offset, kv_stride, s.seq, s.head_dim, head.v, width, rows);
            }
            long const offset = b * s.seq * stride + h * s.head_dim;
            head.run(q + offset, stride, out + offset, lse + (b * s.heads + h) * s.seq);
        }
}

}  // namespace shardtype::cpu
