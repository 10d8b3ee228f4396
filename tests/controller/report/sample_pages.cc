// Writes reports of made-up sweeps for the browser's tests, the benchmark and the README's picture.
//
// usage: report_sample_pages FOLDER [REPETITIONS]     with REPETITIONS only a sweep of 10,000 trials, as often each
// point; prints what its report took
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controller/report/lab.h"
#include "controller/report/report.h"
#include "proto/shared/durable_file.h"
#include "tests/controller/report/sample_sweeps.h"

namespace crosscall::report {
namespace {

const absl::Time kMorning = absl::FromUnixSeconds(1'798'873'200);  // 2027-01-02 07:00 UTC
constexpr std::uint32_t kBigTrials = 10'000;

bool WritePage(const std::string& file, const absl::StatusOr<std::string>& page) {
  const absl::Status status = page.ok() ? shared::WriteDurably(file, *page) : page.status();
  if (!status.ok()) std::cerr << file << ": " << status << "\n";
  return status.ok();
}

bool WriteBig(const std::string& folder, std::uint32_t repetitions) {
  SampleSource source;
  source.Add(BigSweep(kBigTrials, repetitions));
  const absl::Time begin = absl::Now();
  const bool written = WritePage(absl::StrCat(folder, "/big.html"), MakeReport(source, "sweeps/big", "", kMorning));
  std::cout << "{\"seconds\":" << absl::ToDoubleSeconds(absl::Now() - begin) << "}\n";
  return written;
}

Lab SampleLab(const SampleSource& source) {
  Lab lab;
  lab.boards = SampleBoards();
  for (const auto& [name, sample] : source.sweeps()) lab.sweeps.push_back(sample.sweep);
  return lab;
}

bool WriteAll(const std::string& folder) {
  SampleSource source;
  source.SetBoards(SampleBoards());
  source.Add(NightSweep("nightly-2", 1.42));
  source.Add(NightSweep("nightly-1", 1));
  source.Add(WideSweep());
  source.Add(OtherSweep());
  source.Add(HostileSweep());
  source.Add(SweepOfOutcome("invalid", v1::OUTCOME_INVALID));
  source.Add(SweepOfOutcome("crashed", v1::OUTCOME_CRASHED));
  source.Add(SweepOfOutcome("pending", v1::OUTCOME_UNSPECIFIED));
  struct Page {
    const char* file;
    const char* sweep;
    const char* baseline;
  };
  bool written = WritePage(absl::StrCat(folder, "/lab.html"), MakeLabPage(SampleLab(source), kMorning)) &&
                 WritePage(absl::StrCat(folder, "/empty-lab.html"), MakeLabPage(Lab(), kMorning));
  for (const Page& page : {Page{"night", "nightly-2", "nightly-1"}, Page{"plain", "nightly-1", ""},
                           Page{"wide", "wide", ""}, Page{"strangers", "nightly-2", "other"},
                           Page{"hostile", "hostile", "nightly-1"}, Page{"invalid", "invalid", "nightly-1"},
                           Page{"crashed", "crashed", ""}, Page{"pending", "pending", "invalid"}}) {
    const std::string baseline = *page.baseline == '\0' ? "" : absl::StrCat("sweeps/", page.baseline);
    written = WritePage(absl::StrCat(folder, "/", page.file, ".html"),
                        MakeReport(source, absl::StrCat("sweeps/", page.sweep), baseline, kMorning)) &&
              written;
  }
  return written;
}

}  // namespace
}  // namespace crosscall::report

int main(int argc, char** argv) {
  int repetitions = 0;
  if (argc < 2 || argc > 3 || (argc == 3 && (!absl::SimpleAtoi(argv[2], &repetitions) || repetitions < 1))) {
    std::cerr << "usage: report_sample_pages FOLDER [REPETITIONS]\n";
    return 2;
  }
  const bool written = repetitions == 0 ? crosscall::report::WriteAll(argv[1])
                                        : crosscall::report::WriteBig(argv[1], static_cast<std::uint32_t>(repetitions));
  return written ? 0 : 1;
}
