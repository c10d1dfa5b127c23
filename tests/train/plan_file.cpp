#include <doctest/doctest.h>

#include <algorithm>

#include <shardtype/model/llama.hpp>
#include <shardtype/train/plan_file.hpp>

#include "../support/random_plan.hpp"
#include "scratch_folder.hpp"

namespace st = shardtype;

namespace {

struct dp final : st::axis<8> {};
struct tp final : st::axis<8> {};
struct llama_job {
    using mesh = st::mesh<dp, tp>;
    using model = st::llama<st::llama3_8b>;
    static constexpr st::batch_shape batch{64, 8192};
};
struct larger_job : llama_job {
    using model = st::llama<st::llama_config{4096, 32, 32, 8, 28672, 128256, 500000}>;
};
struct deeper_job : llama_job {
    using model = st::llama<st::llama_config{4096, 33, 32, 8, 14336, 128256, 500000}>;
};
struct shorter_job : llama_job {
    static constexpr st::batch_shape batch{64, 4096};
};
struct turned_job : llama_job {
    using mesh = st::mesh<tp, dp>;
};

bool same(st::label const& a, st::label const& b) { return st::detail::same_name(a, b) && !a.cut && !b.cut; }
bool same(st::layer_cost const& a, st::layer_cost const& b) {
    return a.compute == b.compute && a.communication == b.communication && a.exposed == b.exposed &&
           a.state == b.state && a.activations == b.activations && a.window == b.window;
}
bool same(st::layer_exception const& a, st::layer_exception const& b) {
    bool equal = same(a.layers, b.layers) && a.decides == b.decides && a.recomputes == b.recomputes &&
                 a.twice == b.twice && a.changes == b.changes;
    for (int i = 0; i < st::max_axes; ++i) equal = equal && a.on[i] == b.on[i] && a.pads[i] == b.pads[i];
    return equal;
}
/// The first member in which two plans differ, "" if they are equal.
std::string difference(st::model_plan const& a, st::model_plan const& b) {
    if (a.outcome != b.outcome || a.optimal != b.optimal) return "outcome";
    if (a.axes != b.axes) return "axes";
    for (int i = 0; i < st::max_axes; ++i)
        if (a.axis_size[i] != b.axis_size[i] || !same(a.axis_name[i], b.axis_name[i])) return "axis";
    if (!same(a.hardware, b.hardware)) return "hardware";
    if (a.time != b.time || a.tokens != b.tokens || a.flops != b.flops) return "time";
    if (a.memory != b.memory || a.budget != b.budget || a.arena != b.arena) return "memory";
    st::chain_certificate const &c = a.certificate, &d = b.certificate;
    if (c.value != d.value || c.lower_bound != d.lower_bound || c.multiplier != d.multiplier || c.shift != d.shift ||
        c.labels != d.labels || c.proof != d.proof)
        return "certificate";
    if (a.layers != b.layers || a.uniforms != b.uniforms) return "rows";
    for (int i = 0; i < a.layers; ++i) {
        st::planned_layer const &x = a.layer[i], &y = b.layer[i];
        if (!same(x.name, y.name) || x.first != y.first || x.count != y.count || x.repeated != y.repeated ||
            !(x.roles == y.roles) || !same(x.cost, y.cost))
            return "layer " + std::to_string(i);
    }
    for (int i = 0; i < a.uniforms; ++i) {
        st::uniform_layout const &x = a.uniform[i], &y = b.uniform[i];
        if (!(x.roles == y.roles) || x.verdict != y.verdict || x.time != y.time || x.memory != y.memory ||
            !same(x.worst, y.worst))
            return "uniform " + std::to_string(i);
    }
    if (!(a.strategy.whole == b.strategy.whole) || a.strategy.exceptions != b.strategy.exceptions) return "strategy";
    for (int i = 0; i < a.strategy.exceptions; ++i)
        if (!same(a.strategy.except[i], b.strategy.except[i])) return "exception " + std::to_string(i);
    return "";
}

std::string lines_of(st::model_plan const& p) { return st::detail::plan_lines(p, st::frame_of<llama_job>()); }
/// The text with its first `from` replaced.
std::string changed(std::string text, std::string const& from, std::string const& to) {
    std::size_t const at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}
/// What loading says of this text for the job, without the path in front.
template <class Job = llama_job>
std::string said(std::string const& text) {
    scratch_folder const folder;
    std::filesystem::path const file = folder.write("a.plan", text);
    std::string const message = message_of<std::runtime_error>([&] { (void)st::load_plan<Job>(file); });
    if (message.empty()) return "";
    REQUIRE(message.substr(0, file.string().size() + 2) == file.string() + ": ");
    CHECK(message.find('\n') == std::string::npos);
    return message.substr(file.string().size() + 2);
}
/// The same of a changed text whose checksum is right again.
std::string signed_again(std::string text) {
    text.erase(text.rfind("end "));
    return text + "end " + st::detail::hexadecimal(st::detail::checksum(text)) + "\n";
}

}  // namespace

TEST_CASE("200 random plans are loaded as they were saved") {
    hand_made::random_plans plans(11);
    scratch_folder const folder;
    for (int i = 0; i < 200; ++i) {
        st::model_plan const p = plans.next();
        st::save_plan(p, folder.path() / "a.plan", st::frame_of(p));
        CHECK(difference(p, st::load_plan(folder.path() / "a.plan", st::frame_of(p))) == "");
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);  // nothing beside it
}

TEST_CASE("a plan for a job is checked against it, and its strategy by the model") {
    scratch_folder const folder;
    std::filesystem::path const file = folder.path() / "a.plan";
    st::model_plan const p = hand_made::llama_8b();
    st::save_plan(p, file, st::frame_of<llama_job>());
    CHECK(difference(p, st::load_plan<llama_job>(file)) == "");
    std::string const text = lines_of(p);
    CHECK(said<llama_job>(text) == "");
    CHECK(said<larger_job>(text).find("line 4: the plan is for a model of other sizes") == 0);
    CHECK(said<deeper_job>(text).find("the layer layers.32.attention is missing") != std::string::npos);
    CHECK(said<shorter_job>(text).find("the plan is for 524288 tokens a step, not for 262144") != std::string::npos);
    // A file that does not say the sizes is for no job.
    std::string const unsized = changed(text, text.substr(text.find(" parameters"), 28), "");
    CHECK(said<llama_job>(signed_again(unsized)) ==
          "line 4: whether the plan is for this model's sizes is not said: save_plan(plan, path, frame_of<job>())");
    CHECK(said<turned_job>(text) == "line 3: the plan is for the mesh dp 8 x tp 8, not for tp 8 x dp 8");
    // Whether layers have these names is the model's to say.
    CHECK(said(signed_again(changed(text, "except output", "except outputs"))) ==
          "line 18: the model refuses the plan's strategy [ST-S618] in 'outputs'");
    CHECK(said(signed_again(changed(text, "except output: ddp<dp>", "except output: ddp<tp>"))) == "");
}

TEST_CASE("each broken line is named") {
    std::string const text = lines_of(hand_made::llama_8b());
    struct broken {
        char const *from, *to, *says;
    };
    broken const all[] = {
        {"shardtype plan 1", "shardtype plan 2", "line 1: format '2' is not known: this program reads format 1"},
        {"shardtype plan 1", "<html>", "line 1: 'shardtype' should stand here, not '<html>'"},
        {"mesh dp 8, tp 8", "mesh dp 4, tp 16", "line 3: the plan is for the mesh dp 4 x tp 16, not for dp 8 x tp 8"},
        {"mesh dp 8, tp 8", "mesh dp 8, ep 8", "line 3: the plan is for the mesh dp 8 x ep 8, not for dp 8 x tp 8"},
        {"mesh dp 8, tp 8", "mesh dp 64", "line 3: the plan is for the mesh dp 64, not for dp 8 x tp 8"},
        {"mesh dp 8, tp 8", "mesh dp 8, tp 0", "line 3: '0' is no whole number from 1 to 16777216"},
        {"mesh dp 8, tp 8", "mesh a 1, b 1, c 1, d 1, e 1", "line 3: a mesh has at most 4 axes"},
        {"mesh dp 8, tp 8", "mesh dp 8, tp 8 x", "line 3: ' x' behind the end of the line"},
        {"\nmodel ", "\nmodel x", "line 4: "},
        {"\nbudget ", "\nbudget -", "line 6: '-77076627456' is no whole number from 0 to "},
        {"\ntokens 524288\n", "\ntokens 9e9\n", "line 7: '9e9' is no whole number"},
        {"\ntokens 524288\n", "\ntokens 524289\n", "line 53: the plan is for 524289 tokens a step, not for 524288"},
        {"flops 2.46e+16", "flops inf", "line 8: 'inf' is no number"},
        {"time 409432123", "time 99999999999999999999", "line 9: '99999999999999999999' is no whole number"},
        {"search optimal", "search best", "line 12: 'best' is none of optimal, none_better, infeasible, "},
        {"proof labels", "proof trust", "line 13: 'trust' is none of none, bound, labels"},
        {"lower_bound", "lower", "line 13: ', lower_bound ' should stand here, not ', lower 408901050, "},
        {"strategy fsdp", "strategy fdsp", "line 14: unknown role 'fdsp'; there are ddp, zero1, "},
        {"strategy fsdp<dp>", "strategy fsdp<ep>", "line 14: unknown axis 'ep'; the mesh has dp, tp"},
        {"strategy fsdp<dp>", "strategy fsdp<tp>", "line 14: two roles for the axis 'tp'"},
        {"except output: ", "except output ", "line 18: ': ' should stand here, not ''"},
        {"layer tok_embeddings: fsdp", "layer tok_embeddings: recompute",
         "line 19: '<dp>, sequence_parallel<tp>' is no role"},
        {"layer tok_embeddings", "layer tok_embedding",
         "line 19: the model has no layer 'tok_embedding'; is it tok_embeddings?"},
        {"layer layers.0-11.attention", "layer layers.0-11.atention",
         "line 21: the model has no layer 'layers.0-11.atention'; is it layers.*.attention?"},
        {"layer layers.0-11.attention", "layer layers.11-0.attention",
         "line 21: the model has no layer 'layers.11-0.attention'"},
        {"layer layers.0-11.attention", "layer layers.*.attention",
         "line 21: the model has no layer 'layers.*.attention'"},
        {"layer layers.0-11.attention", "layer layers.0-12.attention",
         "line 25: the layer layers.12.attention stands here again"},
        {"layer layers.0-11.attention", "layer layers.0-10.attention",
         "line 53: the layer layers.11.attention is missing"},
        {"layer layers.12-31.attention", "layer layers.12-32.attention",
         "line 25: there is no layers.32.attention: its repeat has 32 trips"},
        {"layer norm", "layer output", "line 31: the layer output stands here again"},
        {"takes compute 310000", "took compute 310000", "line 20: 'takes' should stand here, not 'took'"},
        {"uniform slower", "uniform slow", "line 33: 'slow' is none of chosen, slower, "},
        {"uniform slower", "layer output", "line 33: the layer output stands here again"},
        {"took time 421200000", "took time many", "line 34: 'many' is no whole number"},
    };
    for (broken const& b : all) {
        std::string const message = said(changed(text, b.from, b.to));
        CHECK_MESSAGE(message.find(b.says) == 0, std::string(b.to) << " gives " << message);
    }
}

TEST_CASE("a file that is cut off, changed or too long is refused") {
    std::string const text = lines_of(hand_made::llama_8b());
    CHECK(said(text) == "");
    long const lines = std::count(text.begin(), text.end(), '\n');
    for (std::size_t size = 0; size < text.size(); size += 7) {
        std::string const message = said(text.substr(0, size));
        CHECK_MESSAGE(message.find("it is cut off") != std::string::npos, size << ": " << message);
    }
    CHECK(said(text.substr(0, text.size() - 1)).find("it is cut off") != std::string::npos);
    std::string const behind = "line " + std::to_string(lines + 1) + ": nothing may stand behind the 'end' line";
    CHECK(said(text + "\n") == behind);
    CHECK(said(text + "layer norm") == behind);
    CHECK(said(text + text) == behind);
    std::string const other =
        "line " + std::to_string(lines) + ": the lines above were changed: their checksum differs";
    CHECK(said(changed(text, "time 409432123", "time 409432124")) == other);
    CHECK(said(changed(text, "# nano", "# Nano")) == other);
    CHECK(said(changed(text, "\nlayer norm", "\r\nlayer norm")) != "");
    // Any one letter changed is an error, never another plan.
    for (std::size_t at = 0; at < text.size(); at += 5) {
        std::string broken = text;
        broken[at] = broken[at] == '1' ? '2' : '1';
        CHECK_MESSAGE(said(broken) != "", at);
    }
}

TEST_CASE("comments and empty lines may be added by those who sign again") {
    std::string const text = lines_of(hand_made::llama_8b());
    CHECK(said(signed_again(changed(text, "\nlayer norm", "\n\n# the last norm\nlayer norm"))) == "");
}

TEST_CASE("saving: all of it or nothing, and nothing that cannot be read") {
    scratch_folder const folder;
    st::model_plan p = hand_made::llama_8b();
    std::filesystem::path const file = folder.write("a.plan", "before");
    auto const stays = [&](st::model_plan const& plan) {
        std::string const message = message_of<std::exception>([&] { st::save_plan(plan, file, st::frame_of(plan)); });
        std::vector<char> const now = st::detail::read_file(file);
        CHECK(std::string(now.begin(), now.end()) == "before");
        CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
        return message;
    };
    st::model_plan bad = p;
    bad.axis_name[1] = hand_made::named("t p");
    CHECK(stays(bad) == "a plan cannot be saved: the axis 't p' is empty or has a blank or one of , < > : #");
    bad = p, bad.layer[0].name = {};
    CHECK(stays(bad).find("the layer '' is empty") != std::string::npos);
    bad = p, bad.memory = -1;
    CHECK(stays(bad).find("'-1' is no whole number") != std::string::npos);
    bad = p, bad.layer[1].count = 11;
    CHECK(stays(bad).find("the layer layers.11.attention is missing") != std::string::npos);
    std::filesystem::create_directory(folder.path() / "folder.plan");
    std::string const message =
        message_of<std::runtime_error>([&] { st::save_plan(p, folder.path() / "folder.plan", st::frame_of(p)); });
    CHECK(message.find((folder.path() / "folder.plan").string() + ": cannot be written: ") == 0);
    CHECK(!std::filesystem::exists(folder.path() / "folder.plan.part"));
    CHECK(message_of<std::runtime_error>(
              [&] { st::save_plan(p, folder.path() / "none" / "a.plan", st::frame_of(p)); }) != "");
    CHECK(message_of<std::runtime_error>([&] { (void)st::load_plan<llama_job>(folder.path() / "none.plan"); }) ==
          (folder.path() / "none.plan").string() + ": no such file");
    st::save_plan(p, file, st::frame_of(p));
    CHECK(difference(p, st::load_plan(file, st::frame_of(p))) == "");
}
