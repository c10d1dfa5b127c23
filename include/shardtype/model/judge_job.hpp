#pragma once

#include <shardtype/model/job.hpp>

namespace shardtype {

/// The rules of a job, from first to last: sizes, degrees, batch, model, and what the axes must divide. FSDP splits the
/// rows of each weight that tensor parallelism leaves: over tensor_parallel_degree x data_parallel_shard_degree. Tensor
/// ranks that outnumber the kv heads share them: the rows of wk and wv are split over the kv heads only.
/// @return the first broken rule [ST-J701] to [ST-J714], without a fix
constexpr job_verdict first_fault(job const& j) {
    job_verdict v;
    auto const broken = [&](code what, knob at) {
        v.what = what;
        v.at = at;
        return v;
    };
    for (int i = 1; i < static_cast<int>(knob::count); ++i) {
        knob const k = static_cast<knob>(i);
        bool const degree = k >= knob::data_parallel_replicate_degree && k <= knob::context_parallel_degree;
        bool const one_batch = k == knob::global_batch_size && j.global_batch_size == -1;
        long const value = value_of(j, k);
        if (!one_batch && ((value < 1 && !degree) || value > most_of(j, k))) return broken(code::job_size, k);
    }
    v.dims = parallel_dims_of(j.parallel, j.world_size);
    if (v.dims.what != code::ok) return broken(v.dims.what, v.dims.at);

    llama_config const& m = j.model;
    long const tp = v.dims.tp, parts = tp * v.dims.dp_shard;
    knob const shard = knob::data_parallel_shard_degree, tensor = knob::tensor_parallel_degree;
    if (j.global_batch_size != -1 && j.global_batch_size % micro_batch_of(j, v.dims) != 0)
        return broken(code::job_global_batch, knob::global_batch_size);
    if (m.dim % m.heads != 0 || m.dim / m.heads % 2 != 0) return broken(code::job_head_dimension, knob::heads);
    if (m.heads % m.kv_heads != 0) return broken(code::job_kv_heads_of_heads, knob::kv_heads);
    if (j.seq_len % tp != 0) return broken(code::job_sequence, knob::seq_len);
    if (m.heads % tp != 0) return broken(code::job_heads, tensor);
    if (m.kv_heads % tp != 0 && tp % m.kv_heads != 0) return broken(code::job_kv_heads, tensor);
    if (m.ffn_dim % parts != 0) return broken(code::job_ffn, m.ffn_dim % tp != 0 ? tensor : shard);
    if (m.vocabulary % parts != 0) return broken(code::job_vocabulary, m.vocabulary % tp != 0 ? tensor : shard);
    if (m.dim % parts != 0) return broken(code::job_dim, shard);
    if (m.dim / m.heads * m.kv_heads % (kv_parts_of(j, v.dims) * v.dims.dp_shard) != 0)
        return broken(code::job_kv_columns, shard);
    return v;
}

namespace detail {

/// The search for a change of knobs that makes a job legal; with `progress`, for one that at least mends this rule.
struct fix_search {
    job from;
    job_verdict v;
    bool progress = false;

    constexpr bool mends(job const& j) const {
        code const what = first_fault(j).what;
        return what == code::ok || (progress && what > v.what);
    }
    /// The degree that fills the world beside two others, or 0.
    static constexpr long rest(job const& j, knob of) {
        parallel_degrees const& p = j.parallel;
        long const shard = p.data_parallel_shard_degree == -1 ? 1 : p.data_parallel_shard_degree;
        long const factors[] = {of == knob::data_parallel_replicate_degree ? 1 : p.data_parallel_replicate_degree,
                                of == knob::data_parallel_shard_degree ? 1 : shard,
                                of == knob::tensor_parallel_degree ? 1 : p.tensor_parallel_degree};
        long product = 1;
        for (long f : factors) {
            if (f < 1) return 0;
            product = bounded_product(product, f);
        }
        return j.world_size % product == 0 ? j.world_size / product : 0;
    }
    /// Takes value for knob k, and for `filling` the degree that then fills the world.
    constexpr bool take(knob k, long value, knob filling = knob::none) {
        job j = with_knob(from, {k, value});
        knob_value second{};
        if (filling != knob::none && value_of(j, filling) != -1) {
            second = {filling, rest(j, filling)};
            if (second.value == 0) return false;
            j = with_knob(j, second);
            if (second.value == value_of(from, filling)) second = {};
        }
        if (!mends(j)) return false;
        v.fix[0] = {k, value};
        v.fix[1] = second;
        v.at = k;
        return true;
    }
    /// Takes the value nearest to `value` that mends: a multiple of step, and for a degree one that divides the world.
    constexpr bool near(knob k, long value, long step, knob filling = knob::none, bool divisor = false) {
        long const first = value / step * step;
        long const given = value_of(from, k);  // what is more than twice or less than half is another job
        int tried = 0;                         // compilers limit the steps of a constant expression
        for (long i = 0; i < 4096 && tried < 256; ++i) {
            long const candidates[] = {first - i * step, first + (i + 1) * step};
            bool const low_first = value - candidates[0] <= candidates[1] - value;
            for (int n = 0; n < 2; ++n) {
                long const c = candidates[(n == 0) == low_first ? 0 : 1];
                if (c < 1 || c > most_of(k) || (divisor && from.world_size % c != 0)) continue;
                if (given > 0 && given <= most_of(k) && (c > 2 * given || given > 2 * c) && !divisor) continue;
                ++tried;
                if (take(k, c, filling)) return true;
            }
        }
        return false;
    }
    constexpr bool degree(knob k, knob filling) { return near(k, axis(k), 1, filling, true); }
    constexpr long axis(knob k) const {
        long const given = value_of(from, k);
        return given == -1 ? v.dims.dp_shard : given;
    }
    constexpr bool find() {
        constexpr knob replicate = knob::data_parallel_replicate_degree, shard = knob::data_parallel_shard_degree,
                       tensor = knob::tensor_parallel_degree;
        constexpr knob degrees[] = {shard, tensor, replicate};
        switch (v.what) {
            case code::job_size:
                if (v.at == knob::zero_stage && value_of(from, v.at) > 3) return take(v.at, 3);
                return value_of(from, v.at) < 1 && near(v.at, 1, 1);  // too large: whatever would do is as absurd
            case code::job_degree:
                if (v.at == shard && take(shard, -1)) return true;
                return near(v.at, 1, 1, knob::none, true) || near(v.at, 1, 1, v.at == shard ? replicate : shard, true);
            case code::job_degree_not_there:
                return take(v.at, 1) || take(v.at, 1, shard);
            case code::job_world_size: {
                for (knob k : degrees) {
                    long const fills = rest(from, k);
                    if (fills > 0 && value_of(from, k) != -1 && from.parallel.data_parallel_shard_degree != -1 &&
                        take(k, fills))
                        return true;
                }
                if (degree(tensor, shard) || degree(replicate, shard)) return true;
                job const all = with_knob(from, {knob::world_size, largest_knob});
                long product = 1;
                for (knob k : degrees)
                    if (value_of(all, k) > 0) product = bounded_product(product, value_of(all, k));
                return near(knob::world_size, from.world_size, product);
            }
            case code::job_global_batch:
                return near(v.at, value_of(from, v.at), micro_batch_of(from, v.dims)) ||
                       near(knob::local_batch_size, from.local_batch_size, 1);
            case code::job_head_dimension:
            case code::job_kv_heads_of_heads:
                return near(v.at, value_of(from, v.at), 1);
            case code::job_sequence:
                return near(v.at, from.seq_len, v.dims.tp);
            default:
                if (v.at == shard) return degree(shard, replicate) || degree(tensor, shard);
                return degree(tensor, shard) || degree(shard, replicate);
        }
    }
};

}  // namespace detail

/// The rules' verdict on a job, with the nearest change of one knob, or two degrees, that makes it legal, among values
/// from half to twice the given one and degrees that divide the world. Where there is none, with the nearest change after
/// which the broken rule holds: another one may be broken still. Costs nothing much for a legal job.
constexpr job_verdict judge(job const& j) {
    job_verdict const v = first_fault(j);
    if (v.legal()) return v;
    detail::fix_search search{j, v, false};
    if (!search.find()) {
        search = {j, v, true};
        search.find();
    }
    return search.v;
}

}  // namespace shardtype
