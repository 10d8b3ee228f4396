#include "agent/watchdog/thread_reader.h"

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/shared/durable_file.h"

namespace crosscall::watchdog {
namespace {

constexpr std::size_t kProcFileBytes = 64 * 1024;

std::uint64_t Hexadecimal(absl::string_view text) {
  std::uint64_t value = 0;
  return absl::SimpleHexAtoi(absl::StripAsciiWhitespace(text), &value) ? value : 0;
}

}  // namespace

ThreadLook ParseThread(absl::string_view status, absl::string_view schedstat) {
  ThreadLook look;
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    if (absl::ConsumePrefix(&line, "State:")) {
      line = absl::StripAsciiWhitespace(line);
      if (!line.empty()) {
        look.exists = true;
        look.state = line[0];
      }
    } else if (absl::ConsumePrefix(&line, "SigPnd:")) {
      look.pending = Hexadecimal(line);
    } else if (absl::ConsumePrefix(&line, "SigBlk:")) {
      look.blocked = Hexadecimal(line);
    }
  }
  const std::vector<absl::string_view> fields = absl::StrSplit(absl::StripAsciiWhitespace(schedstat), ' ');
  std::uint64_t ran = 0;
  std::uint64_t runnable = 0;
  std::uint64_t slices = 0;
  if (fields.size() == 3 && absl::SimpleAtoi(fields[0], &ran) && absl::SimpleAtoi(fields[1], &runnable) &&
      absl::SimpleAtoi(fields[2], &slices)) {
    look.ran_nanos = ran;
    look.runnable_nanos = runnable;
    look.time_slices = slices;
  }
  return look;
}

ThreadLook ReadThread(const std::string& proc, std::int64_t process, std::uint64_t thread) {
  const std::string folder = absl::StrCat(proc, "/", process, "/task/", thread);
  const absl::StatusOr<std::string> status = shared::ReadFile(folder + "/status", kProcFileBytes);
  if (!status.ok()) return ThreadLook();
  const absl::StatusOr<std::string> schedstat = shared::ReadFile(folder + "/schedstat", kProcFileBytes);
  return ParseThread(*status, schedstat.ok() ? *schedstat : std::string());
}

void ReadThreads(const std::string& proc, std::int64_t process, Look& look) {
  for (CpuLook& cpu : look.cpus) cpu.thread = ReadThread(proc, process, cpu.thread_id);
}

bool ProcessStopped(const std::string& proc, std::int64_t process) {
  const ThreadLook main = ReadThread(proc, process, static_cast<std::uint64_t>(process));
  return !main.exists || main.state == 'T' || main.state == 't' || main.state == 'Z' || main.state == 'X';
}

}  // namespace crosscall::watchdog
