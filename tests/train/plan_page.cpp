#include <doctest/doctest.h>

#include <shardtype/train/plan_page.hpp>

#include "../support/random_plan.hpp"
#include "scratch_folder.hpp"

namespace st = shardtype;

namespace {

long count(std::string const& text, std::string const& what) {
    long n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}
bool has(std::string const& text, std::string const& what) { return text.find(what) != std::string::npos; }
/// From one text to the next.
std::string between(std::string const& text, std::string const& from, std::string const& to) {
    std::size_t const at = text.find(from), end = text.find(to, at);
    REQUIRE((at != std::string::npos && end != std::string::npos));
    return text.substr(at, end - at);
}
/// The sum of the numbers behind `what`.
double sum_of(std::string const& text, std::string const& what) {
    double sum = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        sum += std::stod(text.substr(at + what.size()));
    return sum;
}

}  // namespace

TEST_CASE("a page has every device, layer and uniform layout, and needs nothing else") {
    st::model_plan const p = hand_made::llama_8b();
    std::string const page = st::plan_page(p, "Llama <8B>");
    CHECK(has(page, "<h1>Llama &lt;8B&gt;</h1>"));
    std::string const mesh = between(page, "<h2>Mesh", "<h2>Layers");
    CHECK(count(mesh, "<span title=\"dp ") == 64);
    CHECK(has(mesh, "<span title=\"dp 7, tp 6\">62</span>"));
    CHECK(count(mesh, "more of") == 0);
    std::string const layers = between(page, "<h2>Layers", "<h2>Memory");
    CHECK(count(layers, "class=\"tile ") == 67);
    CHECK(count(layers, "<li>") == 4);  // as many strategies as colours
    CHECK(count(layers, "class=\"tile c2\"") == 20);
    CHECK(has(layers, "<b>layers.31.feed_forward</b>: <code>fsdp&lt;dp&gt;,<wbr> fsdp&lt;tp&gt;</code>"));
    std::string const memory = between(page, "<h2>Memory", "<h2>A step");
    CHECK(sum_of(memory, "width:") == doctest::Approx(100).epsilon(1e-4));
    CHECK(has(memory, "free: 32.66 GiB"));
    CHECK(!has(memory, "too large"));
    std::string const uniforms = between(page, "<h2>One strategy", "<details>");
    CHECK(count(uniforms, "class=\"option ") == 1 + p.uniforms);
    CHECK(count(uniforms, "class=\"length\"") == 1 + 7);  // those that have a time
    CHECK(has(uniforms, "too large by 23.541 GiB, most of it in output"));
    CHECK(has(page, "<pre>Plan for 64 h100_sxm"));
    for (char const* outside : {"http:", "https:", "src=", "@import", "url(", "<script", "href="})
        CHECK(!has(page, outside));
    CHECK(has(page, "prefers-color-scheme: dark"));
}

TEST_CASE("the step's lanes last as long as the plan says") {
    st::model_plan const p = hand_made::llama_8b();
    std::string const step = between(st::plan_page(p, ""), "<h2>A step", "<h2>One strategy");
    std::string const kernels = between(step, "<span>compute</span>", "</svg>");
    CHECK(count(kernels, "<rect") == 2 * 67 + 1 - 1);  // the norm's forward is too short to be seen
    // Layers one behind the other, the exposed part left free, then what is beside the layers.
    st::detail::plan_totals const all(p);
    double const whole = static_cast<double>(p.time);
    double last = -1, covered = sum_of(kernels, "width=\"");
    for (std::size_t at = kernels.find(" x=\""); at != std::string::npos; at = kernels.find(" x=\"", at + 1)) {
        double const x = std::stod(kernels.substr(at + 4));
        CHECK(x >= last);
        last = x;
    }
    CHECK(last == doctest::Approx(10000 * static_cast<double>(all.time) / whole).epsilon(1e-4));
    CHECK(covered <= 10000 * static_cast<double>(p.time - all.sum.exposed) / whole);
    CHECK(covered >= 9000 * static_cast<double>(p.time - all.sum.exposed) / whole);
    CHECK(has(kernels, "<title>tok_embeddings, forward</title>"));
    CHECK(kernels.find("<title>output, backward") < kernels.find("<title>layers.31.feed_forward, backward"));
    CHECK(kernels.find("<title>layers.31.feed_forward, backward") <
          kernels.find("<title>layers.31.attention, backward"));
    CHECK(kernels.find("<title>layers.0.feed_forward, forward") < kernels.find("<title>layers.1.attention, forward"));
    CHECK(sum_of(between(step, "<div class=\"sides\">", "</div>"), "width:") == doctest::Approx(100).epsilon(1e-4));
    std::string const collectives = between(step, "<span>collectives</span>", "</svg>");
    double exposed = 0;
    for (std::size_t at = collectives.find("s exposed"); at != std::string::npos;
         at = collectives.find("s exposed", at + 1))
        exposed += std::stod(collectives.substr(collectives.find("width=\"", at) + 7));
    CHECK(exposed <= 10000 * static_cast<double>(all.sum.exposed) / whole);
    CHECK(exposed >= 8500 * static_cast<double>(all.sum.exposed) / whole);
}

TEST_CASE("names are escaped wherever they stand") {
    st::model_plan p = hand_made::llama_8b();
    p.axis_name[0] = hand_made::named("<i>&\"");
    p.hardware = hand_made::named("<u>");
    for (int i = 0; i < p.layers; ++i)
        if (!p.layer[i].repeated) p.layer[i].name = hand_made::named("<b>\"&");
    p.uniform[0].worst = hand_made::named("<s>");
    std::string const page = st::plan_page(p, "<em>");
    for (char const* raw : {"<i>", "<u>", "<b>\"", "<s>", "<em>", "&\""})
        CHECK_MESSAGE(!has(page, raw), std::string(raw));
    CHECK(has(page, "fsdp&lt;&lt;i&gt;&amp;&quot;&gt;"));
}

TEST_CASE("large meshes are drawn in part, those that fill no square whole") {
    st::model_plan p = hand_made::llama_8b();
    p.axes = 3, p.axis_size[0] = 16, p.axis_size[1] = 128, p.axis_size[2] = 8;
    p.axis_name[2] = p.axis_name[1], p.axis_name[1] = hand_made::named("shard");
    std::string mesh = between(st::plan_page(p, ""), "<h2>Mesh", "<h2>Layers");
    CHECK(count(mesh, "<span title=") == 64);
    CHECK(count(mesh, "and 124 more of shard") == 2);
    CHECK(count(mesh, "and 14 more of dp") == 1);
    CHECK(has(mesh, "<span title=\"dp 1, shard 3, tp 7\">1055</span>"));
    int const sizes[][3] = {{1, 1, 1}, {64, 1, 1}, {1, 1, 64}, {1, 1, 4096}, {4096, 1, 1}, {3, 5, 7}, {2, 2, 2}};
    for (auto const& size : sizes) {
        long devices = 1;
        for (int a = 0; a < 3; ++a) devices *= p.axis_size[a] = size[a];
        mesh = between(st::plan_page(p, ""), "<h2>Mesh", "<h2>Layers");
        long const drawn = count(mesh, "<span title=");
        CHECK(drawn >= std::min(devices, 8L));
        CHECK(drawn <= 64);
        CHECK((devices > 64 || drawn == devices));
        CHECK((drawn == devices) == !has(mesh, " more of "));
        CHECK(count(mesh, "<div") == count(mesh, "</div>"));
    }
}

TEST_CASE("plans that do not fit, none, empty and any have a page without a broken number") {
    st::model_plan p = hand_made::llama_8b();
    p.memory = 2 * p.budget;
    CHECK(has(st::plan_page(p, ""), "<b style=\"left:50.000%\"></b>"));
    CHECK(has(st::plan_page(p, ""), "too large by 71.78 GiB"));
    hand_made::random_plans plans(5);
    for (int i = 0; i < 60; ++i) {
        p = i == 0 ? st::model_plan{} : plans.next();
        std::string const page = st::plan_page(p, "t");
        for (char const* broken : {"nan%", "inf%", "\"nan", "\"inf", ":-"}) CHECK_MESSAGE(!has(page, broken), i);
        for (char const* tag : {"div", "span", "code", "ul", "li", "svg", "details", "table", "tr", "td", "b", "small"})
            CHECK_MESSAGE(count(page, "<" + std::string(tag) + ">") + count(page, "<" + std::string(tag) + " ") ==
                              count(page, "</" + std::string(tag) + ">"),
                          tag);
    }
}

TEST_CASE("a page is written to a file") {
    scratch_folder const folder;
    st::model_plan const p = hand_made::llama_8b();
    st::plan_page(p, "t", folder.path() / "p.html");
    std::string const page = st::plan_page(p, "t");
    std::ifstream in(folder.path() / "p.html", std::ios::binary);
    CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == page);
}
