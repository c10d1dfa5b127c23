#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// `did you mean seq_len?`, or all of the words where none is near (more than a third of its letters differ).
inline std::string nearest(std::string_view word, std::vector<std::string> const& known) {
    std::string best, all;
    std::size_t least = word.size() / 3 + 1;
    for (std::string const& k : known) {
        std::vector<std::size_t> row(k.size() + 1);  // edit distance, one row at a time
        for (std::size_t j = 0; j <= k.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= k.size(); ++j) {
                std::size_t const changed = diagonal + (word[i - 1] != k[j - 1] ? 1 : 0);
                diagonal = row[j];
                row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
            }
        }
        if (row.back() <= least) {
            least = row.back() - (row.back() > 0 ? 1 : 0);
            best = k;
        }
        all += (all.empty() ? "" : ", ") + k;
    }
    return best.empty() ? "there are " + all : "did you mean " + best + "?";
}
