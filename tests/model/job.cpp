// The rules of a job against torchtitan's, restated naively: every degree, world and batch of small ranges; and every
// fix that is proposed makes its job legal. Also against the check of the whole model, operation by operation.
#include <shardtype/model/judge_job.hpp>
#include <shardtype/model/read.hpp>

#include <doctest/doctest.h>

#include <vector>

namespace st = shardtype;

namespace {

// torchtitan's parallel_dims.py in a few lines: the degrees, or nothing.
struct naive {
    bool right = false;
    long shard = 0;
};
naive naive_dims(long replicate, long shard, long tensor, long pipeline, long context, long world) {
    for (long d : {replicate, tensor, pipeline, context})
        if (d < 1) return {};
    if (shard != -1 && shard < 1) return {};
    if (shard < 0) shard = world / (replicate * tensor * pipeline * context);  // floor, as Python's //
    if (shard < 1 || replicate * shard * tensor * pipeline * context != world) return {};
    return {true, shard};
}

bool divides(long n, long parts) {
    long whole = 0;
    while (whole < n) whole += parts;
    return whole == n;
}

// Whether the library takes the job, rule by rule with no order.
bool naive_legal(st::job const& j) {
    st::parallel_degrees const& p = j.parallel;
    naive const d = naive_dims(p.data_parallel_replicate_degree, p.data_parallel_shard_degree, p.tensor_parallel_degree,
                               p.pipeline_parallel_degree, p.context_parallel_degree, j.world_size);
    if (!d.right || p.pipeline_parallel_degree != 1 || p.context_parallel_degree != 1) return false;
    st::llama_config const& m = j.model;
    long const t = p.tensor_parallel_degree;
    long const local = j.local_batch_size * p.data_parallel_replicate_degree * d.shard;
    bool const batch = j.global_batch_size == -1 || (j.global_batch_size > 0 && divides(j.global_batch_size, local));
    if (!batch || j.seq_len % t != 0 || m.dim % m.heads != 0 || m.heads % m.kv_heads != 0) return false;
    long const head = m.dim / m.heads;
    if (head % 2 == 1) return false;
    // Every weight [rows, columns]: rows over t and then the shards, or columns over t and rows over the shards. Of wk
    // and wv a rank has whole heads, at least one.
    for (long rows : {m.vocabulary, m.heads * head, m.ffn_dim})
        if (rows % t != 0 || rows / t % d.shard != 0) return false;
    long kv_ranks = t;
    if (m.kv_heads < t) {
        if (!divides(t, m.kv_heads)) return false;
        kv_ranks = m.kv_heads;
    } else if (m.kv_heads % t != 0) {
        return false;
    }
    if (m.kv_heads / kv_ranks * head % d.shard != 0) return false;
    bool const columns = m.heads % t == 0 && m.ffn_dim % t == 0;
    return columns && m.dim % d.shard == 0;
}

st::job small(long replicate, long shard, long tensor, long world) {
    st::job j;
    j.parallel.data_parallel_replicate_degree = replicate;
    j.parallel.data_parallel_shard_degree = shard;
    j.parallel.tensor_parallel_degree = tensor;
    j.world_size = world;
    return j;
}

// The library's own check of the model: every layout of every operation.
template <st::llama_config C>
bool model_legal(st::parallel_dims const& d, long micro_batch, long seq_len) {
    st::placement_policy p;
    p.axes = 4;
    // Ranks that share kv heads are an axis of their own.
    long const shared = d.tp > C.kv_heads && d.tp % C.kv_heads == 0 ? d.tp / C.kv_heads : 1;
    long const sizes[] = {d.dp_replicate, d.dp_shard, d.tp / shared, shared};
    for (int a = 0; a < st::max_axes; ++a) p.axis_size[a] = static_cast<int>(sizes[a]);
    st::role const roles[] = {st::role::data_parallel, st::role::fully_sharded, st::role::sequence_parallel,
                              st::role::sequence_parallel};
    for (int a = 0; a < st::max_axes; ++a)
        if (sizes[a] > 1) p.on[a] = roles[a];
    return st::read_model<st::llama<C>>(p, {.global = micro_batch, .sequence = seq_len}, st::dtype::f32).ok();
}

struct agreement {
    long legal = 0, shared = 0, refused = 0;
};
template <st::llama_config C>
void compare_with_model(agreement& n) {
    for (long r : {1, 2})
        for (long s : {1, 2, 3, 4, 5, 8, 12, 16, 24, 32})
            for (long t : {1, 2, 3, 4, 5, 6, 8, 16})
                for (long seq : {12, 16}) {
                    st::job j = small(r, s, t, r * s * t);
                    j.model = C;
                    j.seq_len = seq;
                    j.local_batch_size = 1;
                    auto const v = st::first_fault(j);
                    bool const model = model_legal<C>(v.dims, r * s, seq);
                    CAPTURE(r);
                    CAPTURE(s);
                    CAPTURE(t);
                    CAPTURE(static_cast<int>(v.what));
                    REQUIRE(v.legal() == model);
                    (model ? n.legal : n.refused) += 1;
                    if (model && t > C.kv_heads) ++n.shared;
                }
}

// One attention over tensor axes of these sizes, with so many kv heads.
using sizes = std::vector<int>;
constexpr long query_heads = 48;
template <long KvHeads>
st::graph attention_over(sizes const& axes) {
    st::placement_policy p;
    p.axes = static_cast<int>(axes.size());
    for (std::size_t a = 0; a < st::max_axes; ++a) {
        p.axis_size[a] = a < axes.size() ? axes[a] : 1;
        if (a < axes.size()) p.on[a] = st::role::sequence_parallel;
    }
    using model =
        st::chain<st::embedding<96, 96>, st::attention<query_heads, KvHeads>, st::linear<96>, st::cross_entropy>;
    return st::read_model<model>(p, {.global = 2, .sequence = 48}, st::dtype::f32);
}
struct advice_followed {
    long legal = 0, divided = 0, multiplied = 0;
};
template <long KvHeads>
void follow_advice(sizes const& axes, advice_followed& n) {
    st::graph const g = attention_over<KvHeads>(axes);
    CAPTURE(KvHeads);
    CAPTURE(axes.size());
    CAPTURE(axes.front());
    CAPTURE(axes.back());
    long const kv_heads = KvHeads;
    if (g.ok()) {
        ++n.legal;
    } else if (g.instead.kv_heads > 0) {
        sizes divided = axes;
        auto const at = static_cast<std::size_t>(g.says.axis);
        auto const major = static_cast<int>(g.instead.kv_heads);
        REQUIRE(axes[at] % major == 0);
        REQUIRE(major > 1);
        divided[at] = major;
        divided.insert(divided.begin() + static_cast<std::ptrdiff_t>(at) + 1, axes[at] / major);
        REQUIRE(attention_over<KvHeads>(divided).ok());
        ++n.divided;
    } else {
        REQUIRE(g.instead.extent == kv_heads);
        REQUIRE(kv_heads % g.instead.parts != 0);
        REQUIRE(query_heads % g.instead.parts == 0);
        bool right = false;
        switch (g.instead.parts) {  // kv heads are a template argument
            case 2:
                right = attention_over<2>(axes).ok();
                break;
            case 3:
                right = attention_over<3>(axes).ok();
                break;
            case 4:
                right = attention_over<4>(axes).ok();
                break;
            case 6:
                right = attention_over<6>(axes).ok();
                break;
            case 8:
                right = attention_over<8>(axes).ok();
                break;
            case 12:
                right = attention_over<12>(axes).ok();
                break;
            case 16:
                right = attention_over<16>(axes).ok();
                break;
            case 24:
                right = attention_over<24>(axes).ok();
                break;
            case 48:
                right = attention_over<48>(axes).ok();
                break;
            default:
                break;
        }
        REQUIRE(right);
        ++n.multiplied;
    }
}

}  // namespace

TEST_CASE("kv heads that do not divide over the tensor axes: what is proposed is right") {
    advice_followed n;
    std::vector<sizes> grids;
    for (int a : {1, 2, 3, 4, 6, 8}) {
        grids.push_back({a});
        for (int b : {1, 2, 3, 4, 6, 8}) {
            if (query_heads % (a * b) == 0) grids.push_back({a, b});
            for (int c : {2, 3, 4})
                if (query_heads % (a * b * c) == 0) grids.push_back({a, b, c});
        }
    }
    for (sizes const& axes : grids) {
        follow_advice<1>(axes, n);
        follow_advice<2>(axes, n);
        follow_advice<3>(axes, n);
        follow_advice<4>(axes, n);
        follow_advice<6>(axes, n);
        follow_advice<8>(axes, n);
        follow_advice<12>(axes, n);
        follow_advice<24>(axes, n);
    }
    MESSAGE(n.legal << " legal, " << n.divided << " by a divided axis, " << n.multiplied << " by more kv heads");
    CHECK(n.legal > 100);
    CHECK(n.divided > 50);
    CHECK(n.multiplied > 50);
}

TEST_CASE("the rules of a job take what the model's own check takes, and nothing else") {
    agreement n;
    compare_with_model<{48, 2, 6, 3, 48, 60, 500000}>(n);
    compare_with_model<{40, 2, 4, 4, 24, 56, 500000}>(n);
    compare_with_model<{64, 2, 8, 4, 96, 128, 500000}>(n);
    compare_with_model<{96, 1, 24, 12, 24, 480, 500000}>(n);
    compare_with_model<{64, 1, 8, 2, 64, 128, 500000}>(n);
    MESSAGE(n.legal << " legal, " << n.shared << " of them with shared kv heads, " << n.refused << " refused by both");
    CHECK(n.legal > 200);
    CHECK(n.shared > 20);
    CHECK(n.refused > 500);
}

TEST_CASE("parallel_dims are torchtitan's") {
    long cases = 0, right = 0;
    for (long world = 1; world <= 24; ++world)
        for (long r = -1; r <= 6; ++r)
            for (long s = -2; s <= 12; ++s)
                for (long t = -1; t <= 6; ++t)
                    for (long p = 0; p <= 2; ++p)
                        for (long c = 0; c <= 2; ++c) {
                            auto const got = st::parallel_dims_of({r, s, t, p, c}, world);
                            naive const want = naive_dims(r, s, t, p, c, world);
                            ++cases;
                            if (want.right && p == 1 && c == 1) {
                                ++right;
                                REQUIRE(got.what == st::code::ok);
                                REQUIRE(got.dp_replicate == r);
                                REQUIRE(got.dp_shard == want.shard);
                                REQUIRE(got.tp == t);
                                REQUIRE(got.data_parallel_degree() * got.tp == world);
                            } else if (want.right) {
                                REQUIRE(got.what == st::code::job_degree_not_there);
                                REQUIRE(st::name_of(got.at)[0] == (p != 1 ? 'p' : 'c'));
                            } else {
                                REQUIRE(got.what != st::code::ok);
                            }
                        }
    MESSAGE(cases << " degrees and worlds, " << right << " right");
    CHECK(right > 200);
}

TEST_CASE("a job is legal exactly where every rule holds, and each fix makes it legal") {
    std::vector<st::llama_config> models{st::llama3_debug, st::llama3_8b};
    models.push_back({48, 2, 6, 3, 40, 60, 500000});
    models.push_back({40, 2, 8, 4, 24, 56, 500000});
    models.push_back({36, 1, 4, 2, 12, 24, 500000});
    models.push_back({30, 1, 6, 2, 12, 24, 500000});  // an odd head
    models.push_back({32, 1, 6, 2, 12, 24, 500000});  // no whole head
    models.push_back({32, 1, 4, 3, 12, 24, 500000});  // kv heads that do not divide
    long cases = 0, legal = 0, fixed = 0, mended = 0;
    for (st::llama_config const& model : models)
        for (long world : {1, 2, 4, 6, 12, 16, 24})
            for (long r : {0, 1, 2, 3})
                for (long s : {-1, 0, 1, 2, 3, 4, 8})
                    for (long t : {0, 1, 2, 3, 4, 6, 16})
                        for (long seq : {0, 8, 12})
                            for (long global : {-1, 0, 24}) {
                                st::job j = small(r, s, t, world);
                                j.model = model;
                                j.seq_len = seq;
                                j.local_batch_size = 2;
                                j.global_batch_size = global;
                                bool const want = seq > 0 && global != 0 && naive_legal(j);
                                auto const v = st::judge(j);
                                ++cases;
                                REQUIRE(v.legal() == want);
                                if (want) {
                                    ++legal;
                                    REQUIRE(v.fix[0].is == st::knob::none);
                                    continue;
                                }
                                if (v.fix[0].is == st::knob::none) continue;
                                for (st::knob_value const& fix : v.fix) {  // a degree, or near what it was
                                    long const given = st::value_of(j, fix.is);
                                    if (fix.value > 0 && fix.is >= st::knob::seq_len && given > 0)
                                        REQUIRE((fix.value <= 2 * given && given <= 2 * fix.value));
                                }
                                st::job const better = st::with_knob(st::with_knob(j, v.fix[0]), v.fix[1]);
                                auto const then = st::judge(better);
                                REQUIRE(then.what != v.what);
                                (then.legal() ? fixed : mended) += 1;
                            }
    MESSAGE(cases << " jobs, " << legal << " legal, " << fixed << " made legal by their fix, " << mended
                  << " with one rule mended, " << cases - legal - fixed - mended << " without a fix");
    CHECK(legal > 300);
    CHECK(fixed > 5000);
    CHECK(fixed + mended + legal > cases * 4 / 5);
}

TEST_CASE("sizes are bounded, so that nothing overflows") {
    for (long huge : {st::largest_knob + 1, 1L << 40, 1L << 62}) {
        for (int k = 1; k < static_cast<int>(st::knob::count); ++k) {
            st::knob const which = static_cast<st::knob>(k);
            if (which == st::knob::layers || (which == st::knob::rope_theta && huge <= 1L << 40)) continue;
            auto const v = st::judge(st::with_knob(st::job{}, {which, huge}));
            CHECK(v.what == st::code::job_size);
        }
        CHECK_FALSE(st::judge(small(huge, -1, huge, 8)).legal());
    }
    // A number that is too large is only told: what would do is as absurd.
    CHECK(st::judge(st::with_knob(st::job{}, {st::knob::local_batch_size, 99'999'999})).fix[0].is == st::knob::none);
    long const most = st::largest_knob;
    CHECK(st::judge(small(most, most, most, most)).what == st::code::job_world_size);
    CHECK_FALSE(st::judge(small(-1, -1, -1, 8)).legal());
    CHECK_FALSE(st::judge(small(1L << 62, -(1L << 62), -5, 8)).legal());
}
