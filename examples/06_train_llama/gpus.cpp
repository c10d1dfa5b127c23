#include "processes.hpp"

// Compiled by nvcc.

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include <shardtype/kernels/cuda/gemm.hpp>
#include <shardtype/train/cuda.hpp>

#include "compiled_layouts.hpp"
#include "train_job.hpp"

namespace {

namespace gpu = st::cuda;

st::launch us;  // as `join` was told

int device_count() {
    try {
        return gpu::devices();
    } catch (std::exception const& error) {
        throw usage_error(error.what());
    }
}

// A few numbers of a GPU's.
template <class T>
class numbers {
  public:
    explicit numbers(long count) : bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
        void* p = nullptr;
        gpu::check(cudaMalloc(&p, bytes_), "cudaMalloc");
        at_ = static_cast<T*>(p);
    }
    numbers(numbers const&) = delete;
    numbers& operator=(numbers const&) = delete;
    ~numbers() { (void)cudaFree(at_); }
    T* at() const { return at_; }
    void put(T const* from) {
        gpu::check(cudaMemcpy(at_, from, bytes_, cudaMemcpyHostToDevice), "cudaMemcpy");
        gpu::check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");  // other streams do not wait for it
    }
    void get(T* to) { gpu::check(cudaMemcpy(to, at_, bytes_, cudaMemcpyDeviceToHost), "cudaMemcpy"); }

  private:
    std::size_t bytes_;
    T* at_ = nullptr;
};

// All of them as one group, besides those of the layouts.
st::nccl::rank_communicators const& all() {
    static std::unique_ptr<st::nccl::world> const made = [] {
        gpu::check(cudaSetDevice(us.local_rank % device_count()), "cudaSetDevice");
        auto const id = st::from_rank_0(us.rank, us.size, us.rank == 0 ? st::nccl::unique_id() : ncclUniqueId{},
                                        st::store_options::of_environment());
        return std::make_unique<st::nccl::world>(id, us.rank, std::initializer_list<int>{us.size}, 1);
    }();
    return made->ranks();
}
template <class T>
T reduced(T mine, st::reduction by) {
    numbers<T> from(1), to(1);
    from.put(&mine);
    all().all.all_reduce(from.at(), to.at(), 1, by);
    all().synchronise();
    to.get(&mine);
    return mine;
}

void join(st::launch const& started) {
    us = started;
    (void)device_count();
    try {
        (void)all();
    } catch (std::invalid_argument const& error) {  // what the environment says
        throw usage_error(error.what());
    }
}
int rank() { return us.rank; }
int first(bool mine) {
    int const found = reduced(mine ? us.size - us.rank : 0, st::reduction::max);
    return found > 0 ? us.size - found : -1;
}
double sum(double mine) { return reduced(mine, st::reduction::sum); }

struct gpu_ranks {
    using communicators = st::nccl::rank_communicators;
    static constexpr bool one_per_process = true;
    template <class Job, class F>
    static void run(F f) {
        ncclUniqueId id = us.rank == 0 ? st::nccl::unique_id() : ncclUniqueId{};
        constexpr long words = sizeof id / sizeof(int);
        static_assert(words * sizeof(int) == sizeof id);
        int text[words];
        std::memcpy(text, &id, sizeof id);
        numbers<int> there(words);
        there.put(text);
        all().all.broadcast(there.at(), words, 0);
        all().synchronise();
        there.get(text);
        std::memcpy(&id, text, sizeof id);
        gpu::run_processes<Job>(us, id, f);
    }
    static double sum(double mine) { return ::sum(mine); }
};
struct sharing_ranks {
    using communicators = st::shared_gpu::rank_communicators;
    static constexpr bool one_per_process = false;
    template <class Job, class F>
    static void run(F f) {
        gpu::run_sharing<Job>(f);
    }
    static double sum(double mine) { return mine; }
};

template <class Job, class Ranks>
void add(layout_table& to) {
    to.layouts.push_back({Job::spec, st::trainer<Job, typename Ranks::communicators>::arena_bytes});
    to.functions.push_back(&train<Job, Ranks>);
}
template <class Ranks, class... Jobs>
layout_table table_of(st::type_list<Jobs...>) {
    layout_table table;
    (add<Jobs, Ranks>(table), ...);
    return table;
}
layout_table layouts() { return table_of<gpu_ranks>(compiled_for_gpus{}); }

}  // namespace

bool const gpus::here = true;
processes const gpus::joined{&join, &layouts, &rank, &first, &sum};

layout_table gpus::sharing() {
    (void)device_count();
    return table_of<sharing_ranks>(compiled_for_gpus{});
}
double gpus::memory() {
    std::size_t free = 0, whole = 0;
    gpu::check(cudaMemGetInfo(&free, &whole), "cudaMemGetInfo");
    return static_cast<double>(free);
}
double gpus::peak() {
    constexpr long n = 4096;
    numbers<float> a(n * n), b(n * n), c(n * n);
    numbers<char> scratch(gpu::gemm_scratch_bytes<float>(n, n, n));
    for (numbers<float>* m : {&a, &b}) gpu::check(cudaMemset(m->at(), 0x3c, n * n * sizeof(float)), "cudaMemset");
    gpu::gemm<float> const product(n, n, n, false, true, false);
    st::execution on;
    on.scratch = scratch.at();
    on.scratch_bytes = static_cast<std::size_t>(gpu::gemm_scratch_bytes<float>(n, n, n));
    double best = 0;
    for (int i = 0; i < 5; ++i) {
        gpu::check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
        double const begin = st::detail::now();
        product(on, a.at(), b.at(), c.at());
        gpu::check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
        best = std::max(best, 2.0 * n * n * n / (st::detail::now() - begin));
    }
    return best;
}
