#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace shardtype {

/// Bytes of this process that lie in memory now, code and stacks included; of "Anonymous" without the pages of files,
/// such as a library's code. 0 where the system does not say. Allocates nothing; the system counts pages meanwhile.
inline long resident_bytes(char const* of = "Rss") {
    int const file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[2048];
    ssize_t const size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    std::size_t const length = std::strlen(of);
    for (char const* line = text; line != nullptr; line = std::strchr(line, '\n')) {
        line += *line == '\n' ? 1 : 0;
        if (std::strncmp(line, of, length) == 0 && line[length] == ':')
            return std::strtol(line + length + 1, nullptr, 10) * 1024;
    }
    return 0;
}

}  // namespace shardtype
