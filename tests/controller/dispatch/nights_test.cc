// Three nights of a schedule on the dispatcher's own thread and a durable store, with a clock that is put forward: one
// night through the change to daylight saving, one through restarts of the controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "controller/dispatch/dispatcher.h"
#include "tests/controller/dispatch/rig.h"

namespace crosscall::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kNightly[] = "schedules/nightly";

absl::Time Utc(int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(2026, 3, day, hour, minute), absl::UTCTimeZone());
}

class NightsTest : public ::testing::Test {
 protected:
  NightsTest() { clock_.SetWall(Utc(27, 12)); }

  void Start() {
    store_ = store::OpenStore(folder_.path());
    dispatcher_ = *Dispatcher::Start(*store_, clock_, Settings());
  }
  void Stop() {
    dispatcher_.reset();
    store_.reset();
  }

  // Puts the clock forward, and has the agent call, which holds `held`.
  v1::SynchronizeResponse CallAt(absl::Time wall, const v1::DesiredLease* held = nullptr) {
    clock_.Set(clock_.Monotonic() + (wall - clock_.Wall()));
    v1::SynchronizeRequest request;
    request.set_board("boards/a");
    request.set_incarnation_id("one");
    request.set_boot_id("boot");
    request.set_sequence(++sequence_);
    if (sequence_ == 1) *request.mutable_description() = scheduler::DescribedBoard(2);
    if (held != nullptr) {
      v1::HeldLease& lease = *request.add_leases();
      lease.set_trial(held->trial());
      lease.set_attempt(held->attempt());
      lease.set_state(v1::HeldLease::STATE_RUNNING);
    }
    return Ask<v1::SynchronizeResponse>(
        [&](const Done<v1::SynchronizeResponse>& done) { dispatcher_->Synchronize(request, done); });
  }

  // The agent gets a trial at `wall` and delivers it. Returns its sweep.
  std::string RunTrialAt(absl::Time wall) {
    const v1::SynchronizeResponse answer = CallAt(wall);
    EXPECT_EQ(answer.leases_size(), 1);
    if (answer.leases_size() != 1) return "";
    Deliver(answer.leases(0));
    return answer.leases(0).trial().substr(0, answer.leases(0).trial().find("/trials"));
  }

  void Deliver(const v1::DesiredLease& lease) {
    const std::string payload = Payload(v1::OUTCOME_COMPLETED);
    v1::UploadResultRequest request;
    request.set_board("boards/a");
    request.set_trial(lease.trial());
    request.set_attempt(lease.attempt());
    request.set_sha256(Sha256(payload));
    request.set_total_bytes(payload.size());
    request.set_chunk(payload);
    const auto answer = Ask<v1::UploadResultResponse>(
        [&](const Done<v1::UploadResultResponse>& done) { dispatcher_->UploadResult(request, done); });
    EXPECT_TRUE(answer.committed());
  }

  template <class Response, class Call>
  static Response Ask(const Call& call) {
    std::promise<absl::StatusOr<Response>> promise;
    call([&promise](absl::StatusOr<Response> answer) { promise.set_value(std::move(answer)); });
    absl::StatusOr<Response> answer = promise.get_future().get();
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : Response();
  }

  std::vector<v1::Firing> Firings() const {
    v1::ListFiringsRequest request;
    request.set_parent(kNightly);
    const absl::StatusOr<v1::ListFiringsResponse> page = store_->ListFirings(request);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    return {page->firings().rbegin(), page->firings().rend()};
  }

  void AddNightly() {
    v1::CreateScheduleRequest request;
    request.set_schedule_id("nightly");
    request.mutable_schedule()->set_cron("30 2 * * *");
    request.mutable_schedule()->set_time_zone("Europe/Berlin");
    request.mutable_schedule()->mutable_window()->set_seconds(3 * 3600);
    *request.mutable_schedule()->mutable_spec() = PairSweep(2).spec();
    const auto added = Ask<v1::CreateScheduleResponse>(
        [&](const Done<v1::CreateScheduleResponse>& done) { dispatcher_->CreateSchedule(request, {}, done); });
    EXPECT_EQ(added.schedule().name(), kNightly);
    EXPECT_EQ(added.warning(), "");
  }

  store::TestFolder folder_;
  FakeClock clock_;
  std::uint64_t sequence_ = 0;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(NightsTest, ThreeNightsRunOnceEachThroughDaylightSavingAndRestarts) {
  Start();
  CallAt(Utc(27, 12));
  AddNightly();

  // Half past two in Berlin, winter time.
  EXPECT_EQ(RunTrialAt(Utc(28, 1, 30)), "sweeps/s1");
  EXPECT_EQ(RunTrialAt(Utc(28, 1, 31)), "sweeps/s1");

  // There is no half past two that night: it runs when the clocks go from two to three, which is one in UTC.
  EXPECT_EQ(RunTrialAt(Utc(29, 1)), "sweeps/s2");
  EXPECT_EQ(RunTrialAt(Utc(29, 1, 30)), "sweeps/s2");

  // Half past two in summer time comes while the controller is down, and it is killed again within the run.
  Stop();
  clock_.Set(clock_.Monotonic() + (Utc(30, 1) - clock_.Wall()));
  Start();
  EXPECT_EQ(RunTrialAt(Utc(30, 1)), "sweeps/s3");
  const v1::SynchronizeResponse leased = CallAt(Utc(30, 1, 1));
  ASSERT_EQ(leased.leases_size(), 1);
  Stop();
  Start();
  Deliver(leased.leases(0));

  std::vector<std::string> nominal;
  for (const v1::Firing& firing : Firings()) {
    nominal.push_back(absl::FormatTime("%d %H:%M", shared::TimeOf(firing.nominal_time()), absl::UTCTimeZone()));
    EXPECT_EQ(firing.kind(), v1::Firing::KIND_RUN) << firing.reason();
  }
  EXPECT_THAT(nominal, ElementsAre("28 01:30", "29 01:00", "30 00:30"));
  const absl::StatusOr<v1::ListSweepsResponse> sweeps = store_->ListSweeps({});
  ASSERT_TRUE(sweeps.ok());
  ASSERT_THAT(sweeps->sweeps(), SizeIs(3));
  for (const v1::Sweep& sweep : sweeps->sweeps()) {
    EXPECT_EQ(sweep.state(), v1::Sweep::STATE_SUCCEEDED) << sweep.name() << " " << sweep.state_reason();
    EXPECT_EQ(sweep.progress().completed_count(), 2u) << sweep.name();
    EXPECT_EQ(sweep.schedule(), kNightly);
    EXPECT_EQ(shared::TimeOf(sweep.expire_time()), shared::TimeOf(sweep.nominal_time()) + absl::Hours(3));
  }
}

}  // namespace
}  // namespace crosscall::dispatch
