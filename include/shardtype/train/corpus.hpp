#pragma once

#include <shardtype/train/detail/utf8.hpp>
#include <shardtype/train/file.hpp>
#include <shardtype/train/token_shard.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace shardtype {

/// Byte-level tokens: a byte is its own token, and a document lies between these two.
/// @{
inline constexpr int begin_of_text = 256;
inline constexpr int end_of_text = 257;
inline constexpr int byte_vocabulary = 258;
/// @}

/// A data set: documents one after the other, read in windows.
///
/// Immutable after loading: the ranks of one process share it without locks. 4 bytes per token.
class corpus {
  public:
    /// Larger files below a folder are taken for data, not text, and left out.
    static constexpr std::uint64_t largest_text_file = std::uint64_t{64} << 20;

    /// Loads a text file (one document), a folder (every text file below it, ordered by path) or a token shard.
    ///
    /// Below a folder these are left out: hidden folders, folders named build*, links, empty files, files that are not
    /// text (a NUL byte, not UTF-8), files above 64 MiB. Throws std::runtime_error, path first, if nothing can be read
    /// from there.
    static corpus from_path(const std::filesystem::path& path) {
        std::error_code error;
        const std::filesystem::file_status status = std::filesystem::status(path, error);
        if (!std::filesystem::exists(status)) detail::file_error(path, "no such file or folder");
        corpus result;
        result.source_ = path.string();
        if (std::filesystem::is_directory(status)) {
            const std::vector<std::filesystem::path> files = text_files(path);
            for (const std::filesystem::path& file : files) {
                const std::vector<char> bytes = detail::read_file(file);
                if (is_text(bytes)) result.append(bytes);
            }
            if (result.tokens_.empty()) detail::file_error(path, "no text file in this folder");
        } else if (path.extension() == ".bin" || token_shard::recognises(path)) {
            result.tokens_ = token_shard::read(path).tokens;
        } else {
            const std::vector<char> bytes = detail::read_file(path);
            const auto zero = std::find(bytes.begin(), bytes.end(), '\0');
            if (zero != bytes.end())
                detail::file_error(
                    path, "neither text nor a token shard: NUL byte at offset " + std::to_string(zero - bytes.begin()));
            if (const std::size_t bad = detail::first_bad_utf8(bytes); bad != bytes.size())
                detail::file_error(path, "not UTF-8 text: byte " +
                                             std::to_string(static_cast<unsigned char>(bytes[bad])) + " at offset " +
                                             std::to_string(bad));
            if (!bytes.empty()) result.append(bytes);
        }
        if (result.tokens_.empty()) detail::file_error(path, "empty data set (0 tokens)");
        return result;
    }

    /// The number of tokens.
    long size() const { return static_cast<long>(tokens_.size()); }

    /// The number of documents (0 for a token shard, which marks them inside).
    long documents() const { return documents_; }

    /// The path that it was read from.
    const std::string& source() const { return source_; }

    /// Throws std::runtime_error unless every token is below `vocabulary` and a window and a shift fit.
    void check(long vocabulary, long seq) const {
        const auto bad = std::find_if(tokens_.begin(), tokens_.end(),
                                      [=](std::uint32_t t) { return static_cast<long>(t) >= vocabulary; });
        if (bad != tokens_.end())
            detail::file_error(source_, "token " + std::to_string(*bad) + " at position " +
                                            std::to_string(bad - tokens_.begin()) + " is not below the vocabulary of " +
                                            std::to_string(vocabulary));
        if (size() < seq + 2)
            detail::file_error(source_, std::to_string(size()) + " tokens are too few for sequences of " +
                                            std::to_string(seq) + " (at least " + std::to_string(seq + 2) + ")");
    }

    /// Takes the last `fraction` of the tokens, rounded up, out of this data set and returns them as one of their own, for
    /// evaluation: no row of the one has a token of the other's. A document at the border is in both, in parts.
    /// @pre 0 < fraction < 1
    corpus split_off(double fraction) {
        if (!(fraction > 0 && fraction < 1))
            throw std::invalid_argument("corpus: a share of " + std::to_string(fraction) + " is not between 0 and 1");
        corpus end;
        end.source_ = source_;
        const auto taken = static_cast<std::ptrdiff_t>(std::ceil(fraction * static_cast<double>(size())));
        end.tokens_.assign(tokens_.end() - taken, tokens_.end());
        tokens_.resize(tokens_.size() - static_cast<std::size_t>(taken));
        if (documents_ > 0) end.count_documents(), count_documents();
        return end;
    }

    /// Row `row` of step `step`: tokens [(step * global_batch + row) * seq, + seq), and the same one further as
    /// targets; past the end it goes on at the beginning. `row` counts in the global batch, so each layout asks
    /// for the rows that it owns. Writes `seq` values to each.
    void row(long step, long row, long global_batch, long seq, int* tokens, int* targets) const {
        if (step < 0 || row < 0 || row >= global_batch || seq < 1 || tokens_.empty())
            throw std::invalid_argument("corpus: no row " + std::to_string(row) + " of " +
                                        std::to_string(global_batch) + " in step " + std::to_string(step) +
                                        " with sequences of " + std::to_string(seq));
        const long count = size();
        // Reduced before the product, so that no step number overflows.
        const long window = (step % count * (global_batch % count) + row % count) % count;
        long position = window * (seq % count) % count;
        for (long i = 0; i < seq; ++i) {
            tokens[i] = at(position);
            position = position + 1 == count ? 0 : position + 1;
            targets[i] = at(position);
        }
    }

  private:
    corpus() = default;

    int at(long position) const { return static_cast<int>(tokens_[static_cast<std::size_t>(position)]); }

    void count_documents() {
        documents_ = std::count(tokens_.begin(), tokens_.end(), static_cast<std::uint32_t>(begin_of_text));
        if (!tokens_.empty() && tokens_.front() != begin_of_text) ++documents_;
    }

    static bool is_text(const std::vector<char>& bytes) {
        return !bytes.empty() && std::find(bytes.begin(), bytes.end(), '\0') == bytes.end() &&
               detail::first_bad_utf8(bytes) == bytes.size();
    }

    void append(const std::vector<char>& bytes) {
        tokens_.push_back(begin_of_text);
        for (const char c : bytes) tokens_.push_back(static_cast<unsigned char>(c));
        tokens_.push_back(end_of_text);
        ++documents_;
    }

    static bool skipped(const std::filesystem::path& folder) {
        const std::string name = folder.filename().string();
        return name.starts_with(".") || name.starts_with("build");
    }

    /// Ordered by the path's bytes below the folder, which no file system and no locale changes.
    static std::vector<std::filesystem::path> text_files(const std::filesystem::path& folder) {
        namespace fs = std::filesystem;
        std::vector<std::pair<std::string, fs::path>> found;
        std::error_code error;
        fs::recursive_directory_iterator entry(folder, error);
        for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
            const fs::file_status status = entry->symlink_status(error);
            if (error) break;
            if (fs::is_directory(status) && skipped(entry->path())) entry.disable_recursion_pending();
            if (fs::is_regular_file(status) && detail::file_length(entry->path()) <= largest_text_file)
                found.emplace_back(entry->path().lexically_relative(folder).generic_string(), entry->path());
        }
        if (error) detail::file_error(folder, "cannot be listed: " + error.message());
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<fs::path> files;
        files.reserve(found.size());
        for (auto& [name, path] : found) files.push_back(std::move(path));
        return files;
    }

    std::string source_;
    std::vector<std::uint32_t> tokens_;
    long documents_ = 0;
};

}  // namespace shardtype
