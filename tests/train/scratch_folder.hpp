#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

/// A fresh folder, removed with all that is in it.
class scratch_folder {
  public:
    scratch_folder() {
        std::random_device entropy;
        do {
            path_ = std::filesystem::temp_directory_path() / ("shardtype_test_" + std::to_string(entropy()));
        } while (!std::filesystem::create_directory(path_));
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

    /// Writes a file, with the folders above it.
    std::filesystem::path write(const std::string& name, std::string_view bytes) const {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return file;
    }

  private:
    std::filesystem::path path_;
};

/// The message of what `call` throws, "" if it throws nothing.
template <typename Exception, typename Call>
std::string message_of(Call&& call) {
    try {
        call();
    } catch (const Exception& e) {
        return e.what();
    }
    return "";
}
