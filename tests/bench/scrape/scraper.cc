#include "tests/bench/scrape/scraper.h"

#include <fcntl.h>
#include <httplib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/shared/clock.h"
#include "proto/shared/durable_file.h"

namespace crosscall::scrape {
namespace {

constexpr char kSelf[] = "/proc/self/exe";

std::size_t CountSeries(const std::string& text) {
  std::size_t series = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!line.empty() && line[0] != '#' && line.rfind("crosscall_exporter_", 0) != 0) ++series;
  }
  return series;
}

}  // namespace

int BeScraper(const std::string& address, bool for_ever) {
  httplib::Client client("http://" + address);
  client.set_read_timeout(60);
  do {
    const absl::Duration begin = shared::SystemClock().Monotonic();
    const httplib::Result result = client.Get("/metrics/results", {{"Accept-Encoding", "gzip"}});
    const absl::Duration took = shared::SystemClock().Monotonic() - begin;
    if (!result || result->status != 200) {
      std::cerr << "no scrape of " << address << "\n";
      return 1;
    }
    std::cout << absl::ToInt64Microseconds(took) << " " << result->body.size() << " " << CountSeries(result->body)
              << std::endl;
  } while (for_ever);
  return 0;
}

absl::StatusOr<Scrape> Scraper::Once() const {
  const std::string command = absl::StrCat("exec /proc/", getpid(), "/exe --scrape ", address_);
  // NOLINTNEXTLINE(cert-env33-c): a constant program with an address of our own
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::int64_t micros = 0;
  Scrape scrape;
  if (pipe == nullptr || std::fscanf(pipe.get(), "%ld %zu %zu", &micros, &scrape.body_bytes, &scrape.series) != 3) {
    return absl::InternalError("the scraper said nothing");
  }
  scrape.took = absl::Microseconds(micros);
  return scrape;
}

absl::StatusOr<std::unique_ptr<BusyScraper>> BusyScraper::Start(const std::string& address) {
  std::string words[] = {"scrape_bench", "--scrape-for-ever", address};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, kSelf, &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return shared::ErrnoStatus(error, "starting the scraper");
  return std::unique_ptr<BusyScraper>(new BusyScraper(pid));
}

BusyScraper::~BusyScraper() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace crosscall::scrape
