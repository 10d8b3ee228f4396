// Runs nights of the simulated lab, one a seed, until a rule is broken.
//
// Exit codes: 0 no rule was broken (with --convict: the named rule was), 1 one was (with --convict: none, or another),
// 2 bad use. A broken CHECK ends the program by SIGABRT, after the seed was printed.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "CLI/CLI.hpp"
#include "tests/sim/night.h"

namespace crosscall::sim {
namespace {

struct Flags {
  std::uint64_t first = 1;
  std::uint64_t nights = 1000;
  std::uint64_t seed = 0;
  bool trace = false;
  bool twice = false;
  std::string convict;
};

// For the handler of SIGABRT, which may only write.
char seed_text[64];

void OnAbort(int) {
  const ssize_t written = write(STDOUT_FILENO, seed_text, strnlen(seed_text, sizeof(seed_text)));
  static_cast<void>(written);
}

void Announce(std::uint64_t seed) {
  std::snprintf(seed_text, sizeof(seed_text), "aborted in the night of --seed %llu\n",
                static_cast<unsigned long long>(seed));
}

int Judgement(const Flags& flags, const char* program, std::uint64_t seed, const NightReport& report) {
  const unsigned long long number = seed;
  if (flags.convict.empty()) {
    std::printf("seed %llu: %s: %s\nreplay: %s --seed %llu --trace\n", number, report.violation->rule.c_str(),
                report.violation->text.c_str(), program, number);
    return 1;
  }
  const bool named = report.violation->rule == flags.convict;
  std::printf("seed %llu: %s by %s: %s\n", number, named ? "convicted" : "convicted by another rule,",
              report.violation->rule.c_str(), report.violation->text.c_str());
  return named ? 0 : 1;
}

int Run(const Flags& flags, const char* program) {
  const char* base = getenv("TMPDIR");
  std::string folder = std::string(base == nullptr ? "/tmp" : base) + "/crosscall-nights-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    return 1;
  }
  const std::uint64_t first = flags.seed != 0 ? flags.seed : flags.first;
  const std::uint64_t end = flags.seed != 0 ? first + 1 : first + flags.nights;
  std::uint64_t trials = 0;
  std::uint64_t attempts = 0;
  std::uint64_t faults = 0;
  int code = flags.convict.empty() ? 0 : 1;
  bool judged = false;
  for (std::uint64_t seed = first; seed < end && !judged; ++seed) {
    Announce(seed);
    const NightReport report = RunNight(seed, folder + "/night", flags.trace ? stdout : nullptr);
    trials += report.trials;
    attempts += report.attempts;
    faults += static_cast<std::uint64_t>(report.faults);
    if (report.violation) {
      code = Judgement(flags, program, seed, report);
      judged = true;
    } else if (flags.twice && RunNight(seed, folder + "/night", nullptr).digest != report.digest) {
      std::printf("seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
      code = 1;
      judged = true;
    }
  }
  std::filesystem::remove_all(folder);
  if (!judged) {
    std::printf("%llu nights: %llu trials, %llu attempts, %llu faults; no rule was broken\n",
                static_cast<unsigned long long>(end - first), static_cast<unsigned long long>(trials),
                static_cast<unsigned long long>(attempts), static_cast<unsigned long long>(faults));
  }
  return code;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "Simulated nights of a lab: the real engine, store and agent protocol, with everything around them broken.",
      "lab_nights");
  app.add_option("--nights", flags.nights, "How many")->capture_default_str();
  app.add_option("--first", flags.first, "Seed of the first; the others follow")->capture_default_str();
  app.add_option("--seed", flags.seed, "Only this night");
  app.add_flag("--trace", flags.trace, "Print each step, and what the engine logs");
  app.add_flag("--twice", flags.twice, "Run each night twice: both runs must be the same");
  app.add_option("--convict", flags.convict, "A night must break this rule, and none another one before")
      ->type_name("RULE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  signal(SIGABRT, OnAbort);
  // What the engine says of thousands of simulated faults is of no interest but to one who looks at one night.
  if (!flags.trace && std::freopen("/dev/null", "w", stderr) == nullptr) return 1;
  return Run(flags, argv[0]);
}

}  // namespace
}  // namespace crosscall::sim

int main(int argc, char** argv) { return crosscall::sim::Main(argc, argv); }
