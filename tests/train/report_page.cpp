#include <doctest/doctest.h>

#include <shardtype/train/report_page.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace st = shardtype;

namespace {

long count(std::string const& text, std::string const& what) {
    long n = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

st::report_curve curve(std::string name, std::vector<double> losses) {
    st::report_curve c;
    c.summary.layout = std::move(name);
    c.summary.mesh = "[8]";
    c.seconds.assign(losses.size(), 0.5);
    c.losses = std::move(losses);
    c.tokens = 1000;
    return c;
}

}  // namespace

TEST_CASE("a page has a row and two curves for each run, and needs nothing else") {
    std::vector<st::report_curve> const runs{curve("tp=8", {8, 6, 5}), curve("a<b>&\"c\"", {8, 6.5, 5})};
    std::string const page = st::report_page("Title <1>", "about", runs);
    CHECK(count(page, "<polyline") == 4);
    CHECK(count(page, "<tr>") == 3);
    CHECK(page.find("Title &lt;1&gt;") != std::string::npos);
    CHECK(page.find("a&lt;b&gt;&amp;&quot;c&quot;") != std::string::npos);
    CHECK(page.find("a<b>") == std::string::npos);
    for (char const* outside : {"http:", "https:", "src=", "@import", "url(", "<script"})
        CHECK(page.find(outside) == std::string::npos);
    CHECK(count(page, "Step 1 warms up") == 1);
    CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
    // Losses from 5 to 8 in an axis from 5 to 8: the first point is at the top left, the last at the bottom right.
    CHECK(page.find("points=\"84.0,12.0 ") != std::string::npos);
    CHECK(page.find("1044.0,276.0 \"") != std::string::npos);
}

TEST_CASE("long, short, constant and broken curves have finite places") {
    std::vector<double> many(100'000, 3);
    double const nan = std::numeric_limits<double>::quiet_NaN();
    for (auto const& losses :
         {many, std::vector<double>{2}, std::vector<double>{0, 0, 0}, std::vector<double>{nan, nan}}) {
        std::vector<st::report_curve> const runs{curve("x", losses)};
        std::string const page = st::report_page("t", "a", runs);
        CHECK(count(page, "nan") == 0);
        CHECK(count(page, "inf") == 0);
        CHECK(count(page, "Step 1 warms up") == (losses.size() > 1 ? 1 : 0));  // a single step has no other
        CHECK(page.size() < 40'000);
        CHECK(count(page, "class=\"grid\"") < 40);
    }
    CHECK(st::report_page("t", "a", {}).find("</html>") != std::string::npos);
}

TEST_CASE("a long name may be wrapped, at its commas") {
    std::vector<st::report_curve> const runs{curve("dp_shard=2,tp=4 bfloat16", {8, 6})};
    std::string const page = st::report_page("t", "a", runs);
    CHECK(page.find("dp_shard=2,<wbr>tp=4 bfloat16</td>") != std::string::npos);
    CHECK(page.find("td:first-child { white-space: normal") != std::string::npos);
}

TEST_CASE("losses on held-out text are dots beside their curve") {
    std::vector<st::report_curve> runs{curve("a", {8, 6, 5}), curve("b", {8, 6, 5})};
    runs[1].validation = {{1, 8.5}, {3, 5}};
    runs[1].summary.validation_loss = 5;
    std::string const page = st::report_page("t", "a", runs);
    CHECK(count(page, "<th>validation</th>") == 1);
    CHECK(count(page, "<td>5.0000</td>") == 1);
    CHECK(count(page, "<td>nan</td>") == 1);  // the run without any
    CHECK(count(page, "<polyline") == 5);
    CHECK(count(page, "class=\"curve beside c1\"") == 1);
    CHECK(count(page, "<circle class=\"dot c1\"") == 2);
    // The axis holds them: 8.5 is at the top, above all losses.
    CHECK(page.find("points=\"84.0,12.0 1044.0,") != std::string::npos);
    runs[1].validation = {{2, 7}};
    CHECK(count(st::report_page("t", "a", runs), "<polyline") == 4);  // one point is no line
    CHECK(count(st::report_page("t", "a", std::vector<st::report_curve>{curve("a", {8, 6})}), "validation") == 0);
}
