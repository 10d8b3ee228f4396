// A folder of small programs that stand in for power commands.
#ifndef TESTS_CONTROLLER_POWER_SCRIPTS_H_
#define TESTS_CONTROLLER_POWER_SCRIPTS_H_

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace crosscall::power {

class Scripts {
 public:
  Scripts() {
    std::string path = ::testing::TempDir() + "crosscall-power-XXXXXX";
    folder_ = mkdtemp(path.data());
  }
  ~Scripts() { std::filesystem::remove_all(folder_); }
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;

  // An executable with that text after its first line; its path.
  std::string Make(const std::string& name, const std::string& text, mode_t mode = 0700) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    chmod(path.c_str(), mode);
    return path;
  }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace crosscall::power

#endif  // TESTS_CONTROLLER_POWER_SCRIPTS_H_
