#pragma once

#include <shardtype/comm/store/options.hpp>
#include <shardtype/comm/store/socket.hpp>

#include <cstring>
#include <vector>

namespace shardtype::detail {

/// Who comes to a job's meeting, and who is late.
class store_meeting {
  public:
    store_meeting(int rank, int size, store_options const& with)
        : rank_(rank), size_(size), with_(with), line_(with.deadline) {
        if (size < 1 || rank < 0 || rank >= size)
            throw std::invalid_argument("rank " + std::to_string(rank) + " of " + std::to_string(size) + " ranks");
        if (size == 1) return;
        if (with.port < 1 || with.port > 65535)
            throw std::invalid_argument(
                "no port where the ranks meet: MASTER_PORT or SHARDTYPE_PORT, 1 to 65535, the same on all ranks");
        if (with.token.empty())
            throw std::invalid_argument(
                "no token of this job: SHARDTYPE_TOKEN, a word that is the same on all ranks and no other job's");
        if (with.token.size() > sizeof store_hello{}.token)
            throw std::invalid_argument("the token has " + std::to_string(with.token.size()) + " characters: at most " +
                                        std::to_string(sizeof store_hello{}.token));
    }

    void share(void* bytes, std::size_t count) {
        if (size_ == 1) return;
        if (rank_ == 0)
            serve(bytes, count);
        else
            visit(bytes, count);
    }

  private:
    struct visitor {
        store_socket with;
        store_hello hello;
        std::size_t had = 0;
    };

    [[nodiscard]] std::string seconds() const {
        char text[32];
        std::snprintf(text, sizeof text, "%.3g s", with_.deadline);
        return text;
    }
    [[nodiscard]] std::string place(std::string const& address) const {
        return address + ":" + std::to_string(with_.port);
    }
    [[nodiscard]] std::string me() const { return "rank " + std::to_string(rank_); }

    static bool loopback(addrinfo const& a) {
        if (a.ai_family == AF_INET)
            return (ntohl(reinterpret_cast<sockaddr_in const*>(a.ai_addr)->sin_addr.s_addr) >> 24) == 127;
        return a.ai_family == AF_INET6 &&
               IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<sockaddr_in6 const*>(a.ai_addr)->sin6_addr);
    }

    store_socket listen() const {
        bool const near = resolve(with_.address, with_.port, loopback);
        if (with_.bind.empty() && !near)
            throw std::runtime_error("rank 0 would listen on loopback alone, where nobody finds " +
                                     place(with_.address) +
                                     ": say the address to listen at, as in SHARDTYPE_BIND=" + with_.address);
        std::string const where = with_.bind.empty() ? with_.address : with_.bind;
        store_socket made;
        int error = 0;
        resolve(where, with_.port, [&](addrinfo const& a) {
            store_socket s(::socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            int const yes = 1;
            ::setsockopt(s.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // of a job that has just ended
            bool const good =
                s.get() >= 0 && ::bind(s.get(), a.ai_addr, a.ai_addrlen) == 0 && ::listen(s.get(), size_ + 16) == 0;
            if (!good)
                error = errno;
            else
                made = std::move(s);
            return good;
        });
        if (made.get() < 0)
            throw std::runtime_error(
                "rank 0 cannot listen at " + place(where) + ": " + std::strerror(error) +
                (error == EADDRINUSE ? "; another job may be there, choose another SHARDTYPE_PORT" : ""));
        return made;
    }

    void serve(void const* bytes, std::size_t count) {
        store_socket const door = listen();
        std::vector<store_socket> came(static_cast<std::size_t>(size_));
        std::vector<visitor> visitors;
        std::vector<pollfd> wanted;
        for (int missing = size_ - 1; missing > 0;) {
            wanted.assign(1, {door.get(), POLLIN, 0});
            for (visitor const& v : visitors) wanted.push_back({v.with.get(), POLLIN, 0});
            if (line_.left() <= 0) give_up(came);
            (void)::poll(wanted.data(), wanted.size(), static_cast<int>(line_.left() * 1000) + 1);
            for (std::size_t i = visitors.size(); i-- > 0;) {
                if (wanted[i + 1].revents == 0) continue;
                bool stays = false;
                if (hear(visitors[i], stays) && introduce(visitors[i], count, came)) --missing;
                if (!stays) visitors.erase(visitors.begin() + static_cast<std::ptrdiff_t>(i));
            }
            if (wanted[0].revents != 0)
                if (store_socket s(::accept4(door.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
                    s.get() >= 0) {
                    if (visitors.size() >= most_visitors) visitors.erase(visitors.begin());  // the one silent longest
                    visitors.push_back({std::move(s), {}, 0});
                }
        }
        for (store_socket const& to : came) {
            if (to.get() < 0) continue;
            store_answer const yes;
            if (!line_.send(to.get(), &yes, sizeof yes) || !line_.send(to.get(), bytes, count))
                throw std::runtime_error("rank 0 has lost rank " + std::to_string(&to - came.data()) +
                                         " while it told it: " + std::strerror(errno));
        }
    }
    // What has come so far. @returns whether the hello is whole; `stays`: more may come
    static bool hear(visitor& v, bool& stays) {
        auto* const to = reinterpret_cast<char*>(&v.hello) + v.had;
        ssize_t const got = ::recv(v.with.get(), to, sizeof v.hello - v.had, 0);
        stays = got < 0 && (errno == EAGAIN || errno == EINTR);
        if (got <= 0) return false;
        v.had += static_cast<std::size_t>(got);
        store_hello const ours;
        std::size_t const seen = v.had < sizeof ours.magic ? v.had : sizeof ours.magic;
        if (std::memcmp(v.hello.magic, ours.magic, seen) != 0) return false;  // a stranger
        stays = v.had < sizeof v.hello;
        return !stays;
    }
    // @returns whether a rank has come
    bool introduce(visitor& v, std::size_t count, std::vector<store_socket>& came) const {
        store_hello const& h = v.hello;
        auto const length = static_cast<std::size_t>(h.token_length);
        unsigned char differs = h.token_length < 0 || length != with_.token.size();
        for (std::size_t i = 0; i < with_.token.size(); ++i)  // all of them, whatever the first ones are
            differs = static_cast<unsigned char>(differs | (h.token[i] ^ with_.token[i]));
        if (differs) return refuse(v, "it has another token: SHARDTYPE_TOKEN must be the same on all ranks of a job");
        if (h.size != size_ || h.rank < 1 || h.rank >= size_)
            return refuse(v, "it is rank " + std::to_string(h.rank) + " of " + std::to_string(h.size) +
                                 " ranks, and rank 0 is one of " + std::to_string(size_));
        if (h.bytes != static_cast<std::int64_t>(count))
            return refuse(v, "it waits for " + std::to_string(h.bytes) + " bytes, and rank 0 has " +
                                 std::to_string(count) + ": they are different programs");
        store_socket& seat = came[static_cast<std::size_t>(h.rank)];
        if (seat.get() >= 0) return refuse(v, "a rank " + std::to_string(h.rank) + " has come already");
        seat = std::move(v.with);
        return true;
    }
    bool refuse(visitor const& v, std::string const& why) const {
        store_answer no;
        std::snprintf(no.refusal, sizeof no.refusal, "%s", why.c_str());
        (void)::send(v.with.get(), &no, sizeof no, MSG_NOSIGNAL);  // small: it goes into the socket at once
        return false;
    }
    [[noreturn]] void give_up(std::vector<store_socket> const& came) const {
        std::string there, absent;
        for (int r = 1; r < size_; ++r) {
            std::string& list = came[static_cast<std::size_t>(r)].get() >= 0 ? there : absent;
            list += (list.empty() ? "" : ", ") + std::to_string(r);
        }
        std::string const line = "rank 0 has waited " + seconds() + " at " +
                                 place(with_.bind.empty() ? with_.address : with_.bind) + ": " +
                                 (there.empty() ? "nobody came" : "came " + there) + "; did not come " + absent;
        store_answer no;
        std::snprintf(no.refusal, sizeof no.refusal, "%s", line.c_str());
        for (store_socket const& to : came)
            if (to.get() >= 0) (void)::send(to.get(), &no, sizeof no, MSG_NOSIGNAL);
        throw std::runtime_error(line);
    }

    void visit(void* bytes, std::size_t count) {
        store_hello hello;
        hello.rank = rank_;
        hello.size = size_;
        hello.bytes = static_cast<std::int64_t>(count);
        hello.token_length = static_cast<std::int32_t>(with_.token.size());
        std::memcpy(hello.token, with_.token.data(), with_.token.size());
        store_socket const to = connect();
        store_answer answer;
        bool const heard =
            line_.send(to.get(), &hello, sizeof hello) && line_.receive(to.get(), &answer, sizeof answer);
        if (!heard && line_.left() <= 0)
            throw std::runtime_error(me() + " has waited " + seconds() + " for an answer of rank 0 at " +
                                     place(with_.address));
        if (!heard || std::memcmp(answer.magic, store_answer{}.magic, sizeof answer.magic) != 0)
            throw std::runtime_error(me() + ": what listens at " + place(with_.address) +
                                     " is not rank 0 of this job, or it has ended");
        answer.refusal[sizeof answer.refusal - 1] = '\0';
        if (*answer.refusal != '\0')
            throw std::runtime_error(me() + " is refused by rank 0 at " + place(with_.address) + ": " + answer.refusal);
        if (!line_.receive(to.get(), bytes, count))
            throw std::runtime_error(me() + " has lost rank 0 at " + place(with_.address));
    }
    // Rank 0 may not have begun.
    store_socket connect() const {
        for (int error = ETIMEDOUT;;) {
            store_socket made;
            resolve(with_.address, with_.port, [&](addrinfo const& a) {
                store_socket s(::socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
                int now = 0;
                if (s.get() < 0 || ::connect(s.get(), a.ai_addr, a.ai_addrlen) != 0) now = errno;
                if (now == EINPROGRESS) {
                    socklen_t length = sizeof now;
                    now = error;  // no answer before the deadline: what was the matter before
                    if (line_.ready(s.get(), POLLOUT)) ::getsockopt(s.get(), SOL_SOCKET, SO_ERROR, &now, &length);
                }
                if (now == 0)
                    made = std::move(s);
                else
                    error = now;
                return now == 0;
            });
            if (made.get() >= 0) return made;
            if (line_.left() <= 0)
                throw std::runtime_error(me() + " has waited " + seconds() + " for rank 0 at " + place(with_.address) +
                                         ": " + std::strerror(error));
            ::usleep(20'000);
        }
    }

    static constexpr std::size_t most_visitors = 256;
    int rank_, size_;
    store_options with_;
    store_line line_;
};

}  // namespace shardtype::detail
