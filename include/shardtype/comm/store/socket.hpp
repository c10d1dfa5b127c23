#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace shardtype {

namespace detail {

/// A socket, closed at the end; it blocks in no call.
class store_socket {
  public:
    explicit store_socket(int of = -1) : of_(of) {}
    store_socket(store_socket&& other) noexcept : of_(other.of_) { other.of_ = -1; }
    store_socket& operator=(store_socket&& other) noexcept {
        std::swap(of_, other.of_);
        return *this;
    }
    ~store_socket() {
        if (of_ >= 0) ::close(of_);
    }
    [[nodiscard]] int get() const noexcept { return of_; }

  private:
    int of_;
};

/// What a rank says of itself first, and what rank 0 answers before the bytes. Fixed sizes, in the order of bytes of
/// this machine.
struct store_hello {
    char magic[8] = {'s', 'h', 't', 'y', 'p', 'e', '0', '1'};
    std::int32_t rank = 0, size = 0;
    std::int64_t bytes = 0;
    std::int32_t token_length = 0;
    char token[256] = {};
};
struct store_answer {
    char magic[8] = {'s', 'h', 't', 'y', 'p', 'e', '0', '2'};
    char refusal[504] = {};  // empty: the bytes follow
};

/// One end of a connection by TCP, and the seconds that it has.
class store_line {
  public:
    explicit store_line(double seconds) : seconds_(seconds) {}

    /// Seconds until the deadline.
    [[nodiscard]] double left() const {
        return seconds_ - std::chrono::duration<double>(clock::now() - begin_).count();
    }
    /// Waits for that, until the deadline.
    [[nodiscard]] bool ready(int s, short what) const {
        pollfd wanted{s, what, 0};
        while (left() > 0)
            if (int const n = ::poll(&wanted, 1, static_cast<int>(left() * 1000) + 1); n > 0) return true;
        return false;
    }
    /// All of these bytes. @returns false where the other end is lost, or the time is over
    /// @{
    bool send(int s, void const* from, std::size_t count) const {
        return all_of(s, POLLOUT, count, [&](std::size_t done) {
            return ::send(s, static_cast<char const*>(from) + done, count - done, MSG_NOSIGNAL);
        });
    }
    bool receive(int s, void* to, std::size_t count) const {
        return all_of(s, POLLIN, count,
                      [&](std::size_t done) { return ::recv(s, static_cast<char*>(to) + done, count - done, 0); });
    }
    /// @}

  private:
    using clock = std::chrono::steady_clock;

    template <class Call>
    bool all_of(int s, short what, std::size_t count, Call call) const {
        for (std::size_t done = 0; done < count;) {
            ssize_t const moved = call(done);
            if (moved > 0)
                done += static_cast<std::size_t>(moved);
            else if (moved == 0 || (errno != EAGAIN && errno != EINTR) || !ready(s, what))
                return false;
        }
        return true;
    }

    double seconds_;
    clock::time_point begin_ = clock::now();
};

/// Calls f(addrinfo) for each address that a name stands for, until it returns true. @returns whether one did
template <class F>
bool resolve(std::string const& name, int port, F f) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (int const error = ::getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found))
        throw std::runtime_error(name + " is no address: " + ::gai_strerror(error));
    bool done = false;
    for (addrinfo const* a = found; a != nullptr && !done; a = a->ai_next) done = f(*a);
    ::freeaddrinfo(found);
    return done;
}

}  // namespace detail

}  // namespace shardtype
