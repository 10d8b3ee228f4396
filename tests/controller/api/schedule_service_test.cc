#include "controller/api/schedule_service.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/api/api_fixture.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;

constexpr char kNightly[] = "schedules/nightly";

class ScheduleServiceTest : public ApiFixture {
 protected:
  static v1::CreateScheduleRequest Nightly() {
    v1::CreateScheduleRequest request;
    request.set_schedule_id("nightly");
    v1::Schedule& schedule = *request.mutable_schedule();
    // A date that no run of this test meets.
    schedule.set_cron("0 3 29 2 */7");
    schedule.set_time_zone("Europe/Berlin");
    schedule.mutable_window()->set_seconds(6 * 3600);
    *schedule.mutable_spec() = SmallSweep("").spec();
    return request;
  }

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::ScheduleService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) const {
    grpc::ClientContext context;
    Bound(context);
    return (schedules_.get()->*method)(&context, request, response);
  }
  template <class Request, class Response>
  grpc::Status CallNamed(grpc::Status (v1::ScheduleService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                           Response*),
                         Response* response, const std::string& name = kNightly) const {
    Request request;
    request.set_name(name);
    return Call(method, request, response);
  }
  grpc::Status Add(const v1::CreateScheduleRequest& request, v1::CreateScheduleResponse* response) const {
    return Call(&v1::ScheduleService::Stub::CreateSchedule, request, response);
  }
};

TEST_F(ScheduleServiceTest, ItsLifeOverTheWire) {
  v1::CreateScheduleResponse created;
  ASSERT_TRUE(Add(Nightly(), &created).ok());
  EXPECT_EQ(created.schedule().name(), kNightly);
  EXPECT_THAT(created.warning(), HasSubstr("board")) << "none is there yet";
  Register("b1");

  v1::GetScheduleResponse got;
  ASSERT_TRUE(CallNamed(&v1::ScheduleService::Stub::GetSchedule, &got).ok());
  EXPECT_EQ(got.schedule().cron(), "0 3 29 2 */7");
  EXPECT_TRUE(got.schedule().has_next_time());
  EXPECT_EQ(got.schedule().overdue_reason(), "");

  v1::PauseScheduleResponse paused;
  v1::PauseScheduleRequest pause;
  pause.set_name(kNightly);
  pause.set_reason("boards\x01 move");
  ASSERT_TRUE(Call(&v1::ScheduleService::Stub::PauseSchedule, pause, &paused).ok());
  EXPECT_EQ(paused.schedule().state_reason(), "boards  move");
  v1::ResumeScheduleResponse resumed;
  ASSERT_TRUE(CallNamed(&v1::ScheduleService::Stub::ResumeSchedule, &resumed).ok());
  EXPECT_FALSE(resumed.schedule().paused());

  v1::RunScheduleResponse run;
  ASSERT_TRUE(CallNamed(&v1::ScheduleService::Stub::RunSchedule, &run).ok());
  EXPECT_EQ(run.sweep().schedule(), kNightly);
  v1::ListFiringsRequest list;
  list.set_parent(kNightly);
  v1::ListFiringsResponse firings;
  ASSERT_TRUE(Call(&v1::ScheduleService::Stub::ListFirings, list, &firings).ok());
  ASSERT_EQ(firings.firings_size(), 1);
  EXPECT_EQ(firings.firings(0).sweep(), run.sweep().name());

  v1::DeleteScheduleResponse deleted;
  ASSERT_TRUE(CallNamed(&v1::ScheduleService::Stub::DeleteSchedule, &deleted).ok());
  EXPECT_EQ(CallNamed(&v1::ScheduleService::Stub::GetSchedule, &got).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ScheduleServiceTest, BadInputIsRefusedWithItsReason) {
  v1::CreateScheduleResponse unused;
  const auto refusal = [&](const std::function<void(v1::CreateScheduleRequest&)>& spoil) {
    v1::CreateScheduleRequest request = Nightly();
    spoil(request);
    const grpc::Status status = Add(request, &unused);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  };
  EXPECT_THAT(refusal([](auto& request) { request.mutable_schedule()->set_cron("0 0 30 2 *"); }),
              HasSubstr("it never fires"));
  EXPECT_THAT(refusal([](auto& request) { request.mutable_schedule()->set_time_zone("Mars/Olympus"); }),
              HasSubstr("knows no zone \"Mars/Olympus\""));
  EXPECT_THAT(refusal([](auto& request) { request.mutable_schedule()->clear_window(); }), HasSubstr("empty window"));
  EXPECT_THAT(refusal([](auto& request) { request.set_schedule_id("Nightly!"); }), HasSubstr("schedule_id"));
  EXPECT_THAT(refusal([](auto& request) { request.mutable_schedule()->clear_spec(); }), HasSubstr("scenarios"));
  v1::GetScheduleResponse got;
  EXPECT_EQ(CallNamed(&v1::ScheduleService::Stub::GetSchedule, &got, "nightly").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ScheduleServiceTest, ListsFollowTheirPages) {
  for (const char* id : {"a", "b", "c"}) {
    v1::CreateScheduleRequest request = Nightly();
    request.set_schedule_id(id);
    v1::CreateScheduleResponse unused;
    ASSERT_TRUE(Add(request, &unused).ok());
  }
  v1::ListSchedulesRequest request;
  request.set_page_size(2);
  v1::ListSchedulesResponse page;
  ASSERT_TRUE(Call(&v1::ScheduleService::Stub::ListSchedules, request, &page).ok());
  ASSERT_EQ(page.schedules_size(), 2);
  EXPECT_EQ(page.schedules(1).name(), "schedules/b");
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(&v1::ScheduleService::Stub::ListSchedules, request, &page).ok());
  ASSERT_EQ(page.schedules_size(), 1);
  EXPECT_EQ(page.schedules(0).name(), "schedules/c");
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(ScheduleServiceTest, AWaitingSweepIsExplained) {
  Register("b1");
  Create("s1");
  grpc::ClientContext context;
  Bound(context);
  v1::ExplainSweepRequest request;
  request.set_name("sweeps/s1");
  v1::ExplainSweepResponse response;
  ASSERT_TRUE(sweeps_->ExplainSweep(&context, request, &response).ok());
  ASSERT_EQ(response.waits_size(), 1);
  EXPECT_EQ(response.waits(0).reason(), "boards/b1 is between two calls");
}

}  // namespace
}  // namespace crosscall::api
