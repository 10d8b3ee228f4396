// Cron expressions: an answer for all bytes; what is accepted fires, always later than asked after, also in zones whose
// days have 23 and 25 hours, and the instant found is the next one of every moment before it.
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "controller/scheduler/cron.h"
#include "proto/shared/check.h"

namespace {

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  CROSSCALL_CHECK(absl::LoadTimeZone(name, &zone), "the time zone database is installed");
  return zone;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const absl::TimeZone zones[] = {absl::UTCTimeZone(), Zone("Europe/Berlin"), Zone("America/New_York"),
                                         Zone("Australia/Lord_Howe")};
  using crosscall::scheduler::Cron;
  const auto cron = Cron::Parse(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!cron.ok()) {
    CROSSCALL_CHECK(cron.status().code() == absl::StatusCode::kInvalidArgument, "the text is at fault, nothing else");
    CROSSCALL_CHECK(!cron.status().message().empty(), "an error says what is wrong");
    return 0;
  }
  for (const absl::TimeZone& zone : zones) {
    absl::Time time = absl::FromCivil(absl::CivilMinute(2026, 3, 28), zone);
    for (int firing = 0; firing < 4; ++firing) {
      const absl::Time next = cron->Next(time, zone);
      CROSSCALL_CHECK(next > time, "the next instant lies ahead");
      CROSSCALL_CHECK(cron->Next(next - absl::Nanoseconds(1), zone) == next, "nothing comes before it");
      time = next;
    }
  }
  return 0;
}
