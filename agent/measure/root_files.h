// Small text files of /proc and /sys, under a root folder that tests replace.
//
// Thread-safe. What cannot be read is empty: absence is told, never guessed at.
#ifndef AGENT_MEASURE_ROOT_FILES_H_
#define AGENT_MEASURE_ROOT_FILES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace crosscall::measure {

// Content of `root` + `path`, or empty. `root` is empty for the machine itself; `path` begins with a slash.
std::string ReadWhole(const std::string& root, const std::string& path);

// The same without white space at its ends.
std::string ReadTrimmed(const std::string& root, const std::string& path);

// Names in a folder, sorted; empty if it cannot be read.
std::vector<std::string> ListFolder(const std::string& root, const std::string& path);

// Value of the first line "key<white space>: value" of a text such as /proc/cpuinfo, or empty.
std::string ValueOf(absl::string_view text, absl::string_view key);

}  // namespace crosscall::measure

#endif  // AGENT_MEASURE_ROOT_FILES_H_
