// One bad string from one board makes Prometheus drop the whole scrape: hostile ones travel here through real gRPC,
// dispatcher and store to the exposition.
#include <string>
#include <vector>

#include "controller/metrics/exporter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/shared/clock.h"
#include "tests/controller/api/api_fixture.h"
#include "tests/controller/metrics/promtool.h"

namespace crosscall::api {
namespace {

using ::testing::HasSubstr;

class HostileStringsTest : public ApiFixture {
 protected:
  metrics::Exporter NewExporter() const {
    metrics::Sources sources;
    sources.snapshot = [this] { return dispatcher_->snapshot(); };
    return metrics::Exporter(sources, shared::SystemClock(), {});
  }
};

TEST_F(HostileStringsTest, NoStringOfABoardSpoilsTheScrape) {
  const std::vector<std::string> hostile = {
      std::string("nul\0byte", 8),
      "new\nline",
      "carriage\rreturn",
      std::string(10'240, 'x'),
      "\"quotes\"",
      "back\\slash\\",
      "{a=\"b\"} 1\n# TYPE x gauge",
      "\xE2\x80\xA8 line separator",
      "",
  };
  int number = 0;
  for (const std::string& text : hostile) {
    v1::SynchronizeRequest request = NextRequest("b" + std::to_string(number++));
    v1::BoardDescription& description = *request.mutable_description();
    for (std::string* field :
         {description.mutable_model(), description.mutable_kernel(), description.mutable_architecture(),
          description.mutable_agent_version(), description.mutable_hostname(), description.mutable_command_line()}) {
      *field = text;
    }
    description.add_implementations(text);
    description.add_labels("pool=" + text);
    request.set_health(text.substr(0, 1024));
    const grpc::Status status = Synchronize(request);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  ASSERT_TRUE(Await([&] { return dispatcher_->snapshot()->boards.size() == hostile.size(); }));
  const std::string controller = NewExporter().ControllerPage();
  EXPECT_TRUE(metrics::PromtoolAccepts(controller)) << controller;
  EXPECT_THAT(controller, HasSubstr("crosscall_boards_registered 9\n"));
  const std::string exposition = NewExporter().ResultsPage();
  EXPECT_TRUE(metrics::PromtoolAccepts(exposition)) << exposition;
  EXPECT_THAT(exposition, HasSubstr("model=\"new line\""));
  EXPECT_THAT(exposition, HasSubstr("model=\"unknown\""));
}

TEST_F(HostileStringsTest, InvalidUtf8DoesNotPassGrpc) {
  v1::SynchronizeRequest request = NextRequest("b1");
  request.mutable_description()->set_model("bad \xFF byte");
  EXPECT_FALSE(Synchronize(request).ok());
  EXPECT_THAT(NewExporter().ControllerPage(), HasSubstr("crosscall_boards_registered 0\n"));
}

TEST_F(HostileStringsTest, APromtoolThatSeesABadLineSaysSo) {
  // The judge is real: what it accepts above means something.
  EXPECT_FALSE(metrics::PromtoolAccepts("crosscall_x{board=\"a\nb\"} 1\n"));
}

}  // namespace
}  // namespace crosscall::api
