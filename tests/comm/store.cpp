// The meeting of a job's ranks by TCP, on loopback: threads are its ranks. What goes wrong is one line each.

#include <doctest/doctest.h>

#include <shardtype/comm/store.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

using namespace shardtype;

namespace {

using bytes = std::array<char, 128>;

bool contains(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

sockaddr_in loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
}
/// A port that is free now.
int free_port() {
    detail::store_socket const s(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at = loopback(0);
    socklen_t length = sizeof at;
    REQUIRE(::bind(s.get(), reinterpret_cast<sockaddr*>(&at), length) == 0);
    REQUIRE(::getsockname(s.get(), reinterpret_cast<sockaddr*>(&at), &length) == 0);
    return ntohs(at.sin_port);
}
store_options job(int port, double deadline = 20) {
    store_options o;
    o.port = port;
    o.token = "a word of this job";
    o.deadline = deadline;
    return o;
}

struct outcome {
    std::string said;
    bytes got{};
};
/// Ranks `from` to size - 1, those that come, each with its options.
template <class With>
std::vector<outcome> meet(int size, With with, int from = 0, int absent = -1) {
    std::vector<outcome> all(static_cast<std::size_t>(size));
    std::vector<std::thread> ranks;
    for (int r = from; r < size; ++r)
        if (r != absent)
            ranks.emplace_back([&, r] {
                outcome& o = all[static_cast<std::size_t>(r)];
                bytes mine{};
                mine.fill(static_cast<char>(r + 1));
                try {
                    o.got = from_rank_0(r, size, mine, with(r));
                } catch (std::exception const& error) {
                    o.said = error.what();
                }
            });
    for (auto& r : ranks) r.join();
    for (auto const& o : all) CHECK(!contains(o.said, "\n"));
    return all;
}
bool has_rank_0(outcome const& o) {
    return o.said.empty() && std::all_of(o.got.begin(), o.got.end(), [](char c) { return c == 1; });
}

/// A stranger's connection, once somebody listens there.
detail::store_socket stranger(int port) {
    sockaddr_in const at = loopback(port);
    for (;;) {
        detail::store_socket s(::socket(AF_INET, SOCK_STREAM, 0));
        if (::connect(s.get(), reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0) return s;
        ::usleep(1000);
    }
}

}  // namespace

TEST_CASE("what rank 0 has comes to all") {
    for (int const size : {1, 2, 5, 16}) {
        int const port = free_port();
        for (int again = 0; again < 3; ++again)  // on the same port, at once
            for (auto const& o : meet(size, [&](int) { return job(port); })) CHECK(has_rank_0(o));
    }
}

TEST_CASE("one rank alone needs neither port nor token") { CHECK(from_rank_0(0, 1, 17, {}) == 17); }

TEST_CASE("rank 0 may come last") {
    int const port = free_port();
    auto const all = meet(3, [&](int r) {
        if (r == 0) std::this_thread::sleep_for(std::chrono::milliseconds(300));
        return job(port);
    });
    for (auto const& o : all) CHECK(has_rank_0(o));
}

TEST_CASE("a rank that does not come: who came and who did not, on all that came") {
    int const port = free_port();
    auto const all = meet(
        5, [&](int r) { return job(port, r == 0 ? 0.5 : 10); }, 0, 3);
    std::string const line =
        "rank 0 has waited 0.5 s at 127.0.0.1:" + std::to_string(port) + ": came 1, 2, 4; did not come 3";
    CHECK(all[0].said == line);
    for (std::size_t r : {1U, 2U, 4U})
        CHECK(all[r].said ==
              "rank " + std::to_string(r) + " is refused by rank 0 at 127.0.0.1:" + std::to_string(port) + ": " + line);
}

TEST_CASE("nobody comes, and rank 0 never comes") {
    int const port = free_port();
    CHECK(meet(
              2, [&](int) { return job(port, 0.2); }, 0, 1)[0]
              .said ==
          "rank 0 has waited 0.2 s at 127.0.0.1:" + std::to_string(port) + ": nobody came; did not come 1");
    CHECK(meet(
              2, [&](int) { return job(port, 0.2); }, 1)[1]
              .said ==
          "rank 1 has waited 0.2 s for rank 0 at 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_CASE("another token is refused, and the others are not disturbed") {
    for (std::string const wrong : {"a word of that job.", "a word of this jo", "a word of this job and more", "x"}) {
        int const port = free_port();
        auto const all = meet(3, [&](int r) {
            store_options o = job(port, 0.7);
            if (r == 2) o.token = wrong;
            return o;
        });
        CHECK(all[2].said == "rank 2 is refused by rank 0 at 127.0.0.1:" + std::to_string(port) +
                                 ": it has another token: SHARDTYPE_TOKEN must be the same on all ranks of a job");
        CHECK(contains(all[0].said, "came 1; did not come 2"));
    }
}

TEST_CASE("ranks of another number, two of one number, other programs") {
    int const port = free_port();
    std::vector<std::string> said(2);
    std::thread zero([&] { CHECK(from_rank_0(0, 3, 5, job(port)) == 5); });
    auto const says = [&](int r, int size, auto const& mine) -> std::string {
        try {
            from_rank_0(r, size, mine, job(port));
        } catch (std::runtime_error const& error) {
            return error.what();
        }
        return "";
    };
    std::thread one([&] { CHECK(says(1, 3, 0) == ""); });
    CHECK(contains(says(2, 4, 0), "it is rank 2 of 4 ranks, and rank 0 is one of 3"));
    CHECK(contains(says(2, 3, 0.0), "it waits for 8 bytes, and rank 0 has 4: they are different programs"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(contains(says(1, 3, 0), "a rank 1 has come already"));
    CHECK(says(2, 3, 0) == "");
    zero.join();
    one.join();
}

TEST_CASE("strangers: garbage, silence, half a word, one that leaves") {
    int const port = free_port();
    std::vector<outcome> all;
    std::thread job_itself([&] {
        all = meet(3, [&](int r) {
            if (r > 0) std::this_thread::sleep_for(std::chrono::milliseconds(500));
            return job(port);
        });
    });
    detail::store_socket const silent = stranger(port);
    detail::store_socket const garbage = stranger(port);
    std::string const text(5000, 'G');
    CHECK(::send(garbage.get(), text.data(), text.size(), MSG_NOSIGNAL) > 0);
    detail::store_socket const half = stranger(port);
    detail::store_hello hello;
    hello.rank = 1;
    hello.size = 3;
    CHECK(::send(half.get(), &hello, 40, MSG_NOSIGNAL) == 40);
    hello.rank = -1;
    hello.token_length = -7;
    detail::store_socket const liar = stranger(port);
    CHECK(::send(liar.get(), &hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello);
    stranger(port);  // and leaves
    detail::store_answer answer;
    CHECK(::recv(liar.get(), &answer, sizeof answer, MSG_WAITALL) == sizeof answer);
    CHECK(contains(answer.refusal, "another token"));
    char one = 0;
    CHECK(::recv(garbage.get(), &one, 1, 0) <= 0);  // turned out without a word
    job_itself.join();
    for (auto const& o : all) CHECK(has_rank_0(o));
}

TEST_CASE("the port is taken") {
    int const port = free_port();
    detail::store_socket const other(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in const at = loopback(port);
    REQUIRE(::bind(other.get(), reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0);
    REQUIRE(::listen(other.get(), 4) == 0);
    auto const all = meet(2, [&](int) { return job(port, 0.5); });
    CHECK(all[0].said == "rank 0 cannot listen at 127.0.0.1:" + std::to_string(port) +
                             ": Address already in use; another job may be there, choose another SHARDTYPE_PORT");
    CHECK(all[1].said == "rank 1 has waited 0.5 s for an answer of rank 0 at 127.0.0.1:" + std::to_string(port));
}

TEST_CASE("something else listens there") {
    int const port = free_port();
    detail::store_socket const other(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in const at = loopback(port);
    REQUIRE(::bind(other.get(), reinterpret_cast<sockaddr const*>(&at), sizeof at) == 0);
    REQUIRE(::listen(other.get(), 4) == 0);
    std::thread server([&] {
        detail::store_socket const s(::accept(other.get(), nullptr, nullptr));
        std::string const text(600, 'H');
        (void)!::send(s.get(), text.data(), text.size(), MSG_NOSIGNAL);
        ::usleep(200'000);
    });
    auto const all = meet(
        2, [&](int) { return job(port); }, 1);
    server.join();
    CHECK(all[1].said ==
          "rank 1: what listens at 127.0.0.1:" + std::to_string(port) + " is not rank 0 of this job, or it has ended");
}

TEST_CASE("what must be said is asked for") {
    auto const says = [](int rank, store_options const& o) -> std::string {
        try {
            from_rank_0(rank, 2, 1, o);
        } catch (std::exception const& error) {
            return error.what();
        }
        return "";
    };
    store_options o = job(0);
    CHECK(says(0, o) ==
          "no port where the ranks meet: MASTER_PORT or SHARDTYPE_PORT, 1 to 65535, the same on all ranks");
    o = job(free_port());
    o.token = "";
    CHECK(says(1, o) ==
          "no token of this job: SHARDTYPE_TOKEN, a word that is the same on all ranks and no other job's");
    o.token = std::string(257, 'x');
    CHECK(says(1, o) == "the token has 257 characters: at most 256");
    o = job(free_port());
    o.address = "192.0.2.1";  // of documentation, nobody's
    CHECK(says(0, o) == "rank 0 would listen on loopback alone, where nobody finds 192.0.2.1:" +
                            std::to_string(o.port) + ": say the address to listen at, as in SHARDTYPE_BIND=192.0.2.1");
    CHECK(says(2, job(free_port())) == "rank 2 of 2 ranks");
    CHECK(random_token().size() == 32);
    CHECK(random_token() != random_token());
}

TEST_CASE("it listens where it is told") {
    int const port = free_port();
    auto const all = meet(2, [&](int r) {
        store_options o = job(port);
        if (r == 0) o.bind = "127.0.0.2";
        if (r == 1) o.address = "127.0.0.2";
        return o;
    });
    for (auto const& a : all) CHECK(has_rank_0(a));
}

TEST_CASE("what the environment says") {
    setenv("MASTER_ADDR", "10.1.2.3", 1);
    setenv("MASTER_PORT", "29500", 1);
    setenv("SHARDTYPE_TOKEN", "word", 1);
    setenv("SHARDTYPE_BIND", "0.0.0.0", 1);
    setenv("SHARDTYPE_DEADLINE", "12.5", 1);
    store_options o = store_options::of_environment();
    CHECK(
        (o.address == "10.1.2.3" && o.port == 29500 && o.token == "word" && o.bind == "0.0.0.0" && o.deadline == 12.5));
    setenv("SHARDTYPE_ADDRESS", "localhost", 1);
    setenv("SHARDTYPE_PORT", "29501", 1);
    o = store_options::of_environment();
    CHECK((o.address == "localhost" && o.port == 29501));
    for (char const* const wrong : {"0", "65536", "80x", "1.5", "-1"}) {
        setenv("SHARDTYPE_PORT", wrong, 1);
        CHECK_THROWS_WITH(store_options::of_environment(),
                          ("SHARDTYPE_PORT is \"" + std::string(wrong) + "\": it is a port, 1 to 65535").c_str());
    }
    for (char const* const name : {"MASTER_ADDR", "MASTER_PORT", "SHARDTYPE_TOKEN", "SHARDTYPE_BIND",
                                   "SHARDTYPE_DEADLINE", "SHARDTYPE_ADDRESS", "SHARDTYPE_PORT"})
        unsetenv(name);
    o = store_options::of_environment();
    CHECK((o.address == "127.0.0.1" && o.port == 0 && o.token.empty() && o.bind.empty() && o.deadline == 300));
}

TEST_CASE("ranks meet with what launchers set: torchrun, whose agent listens at MASTER_PORT, and mpirun on one host") {
    detail::store_socket const agent(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at = loopback(0);
    socklen_t length = sizeof at;
    REQUIRE(::bind(agent.get(), reinterpret_cast<sockaddr*>(&at), length) == 0);
    REQUIRE(::listen(agent.get(), 4) == 0);
    REQUIRE(::getsockname(agent.get(), reinterpret_cast<sockaddr*>(&at), &length) == 0);
    int const port = ntohs(at.sin_port);
    setenv("MASTER_ADDR", "127.0.0.1", 1);
    setenv("MASTER_PORT", std::to_string(port).c_str(), 1);
    setenv("TORCHELASTIC_RUN_ID", "none", 1);
    store_options o = store_options::of_environment();
    CHECK(o.port == (port < 65535 ? port + 1 : port - 1));
    CHECK(o.token == "none");
    for (outcome const& rank : meet(3, [&](int) { return o; })) CHECK(has_rank_0(rank));
    unsetenv("TORCHELASTIC_RUN_ID");

    setenv("MASTER_PORT", std::to_string(free_port()).c_str(), 1);
    setenv("PMIX_NAMESPACE", "1234", 1);
    o = store_options::of_environment();
    CHECK(o.token == "1234");
    for (outcome const& rank : meet(3, [&](int) { return o; })) CHECK(has_rank_0(rank));
    setenv("MASTER_ADDR", "10.1.2.3", 1);  // beyond one host nobody else's word will do
    CHECK(store_options::of_environment().token.empty());
    for (char const* const name : {"MASTER_ADDR", "MASTER_PORT", "PMIX_NAMESPACE"}) unsetenv(name);
}
