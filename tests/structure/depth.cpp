// One job of LAYERS equal layers, lowered by the compiler. check_depth.sh compiles it for several depths: neither the
// time nor the object may grow. With RUNTIME it is the whole trainer, kernels included.

#ifdef RUNTIME
#include <shardtype/runtime.hpp>
#else
#include <shardtype/ops/cpu_scratch.hpp>
#include <shardtype/shardtype.hpp>
#endif

namespace st = shardtype;

constexpr st::llama_config config{256, LAYERS, 16, 16, 768, 2000, 500000};

struct job {
    using mesh = st::mesh<st::dp_shard<2>, st::tp<4>>;
    using strategy = st::strategy<st::fsdp<st::dp_shard<2>>, st::sequence_parallel<st::tp<4>>>;
    using model = st::llama<config>;
    static constexpr st::batch_shape batch{8, 256};
};

#ifdef RUNTIME
int main() {
    double loss = 0;
    st::run<job>([&](st::trainer<job>& t) {
        t.initialise(1);
        auto const r = t.step({}, [](long, int* tokens, int* targets) {
            for (int i = 0; i < 256; ++i) tokens[i] = targets[i] = i;
        });
        if (t.rank() == 0) loss = r.loss;
    });
    return loss > 0 ? 0 : 1;
}
#else
st::schedule_view schedule() { return st::view_of(st::lowered<job, st::cpu_back_end>::value); }
#endif
