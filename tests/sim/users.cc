#include "tests/sim/users.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/controller/dispatch/pair_sweep.h"

namespace crosscall::sim {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

}  // namespace

User::User(Lab& lab, std::string name, scheduler::Random random)
    : lab_(lab), name_(std::move(name)), random_(std::move(random)) {}

void User::Plan(int sweeps, absl::Duration end) {
  for (int i = 0; i < sweeps; ++i) {
    const absl::Duration when =
        lab_.now() +
        absl::Seconds(1 + random_.Below(static_cast<std::uint64_t>(absl::ToInt64Seconds(end - lab_.now()))));
    ++open_requests_;
    lab_.timeline().At(when, [this] { Create(NewRequest()); });
  }
}

v1::CreateSweepRequest User::NewRequest() {
  std::vector<std::string> boards;
  for (const auto& board : lab_.boards()) {
    if (random_.Below(2) == 0 && lab_.ledger().boards().count(board->board()) > 0) boards.push_back(board->board());
  }
  v1::CreateSweepRequest request = dispatch::PairSweep(1 + static_cast<std::uint32_t>(random_.Below(8)), boards);
  request.set_request_id(absl::StrCat(name_, "-", ++requests_));
  v1::SweepSpec& spec = *request.mutable_spec();
  spec.mutable_trial_time()->set_seconds(static_cast<std::int64_t>(10 + random_.Below(120)));
  spec.mutable_sweep_deadline()->set_seconds(static_cast<std::int64_t>(600 + random_.Below(3 * 3600)));
  return request;
}

void User::Create(const v1::CreateSweepRequest& request) {
  lab_.network().Call<v1::CreateSweepResponse>(
      link, kPatience,
      [this, request](auto done) {
        lab_.controller().CreateSweep(request, std::move(done));
        return std::function<void()>();
      },
      [this, request](const auto& answer) { OnCreated(request, answer); });
}

void User::OnCreated(const v1::CreateSweepRequest& request, const absl::StatusOr<v1::CreateSweepResponse>& answer) {
  if (answer.ok()) {
    --open_requests_;
    const std::string sweep = answer->sweep().name();
    if (random_.Below(4) > 0) return;
    return lab_.timeline().After(absl::Seconds(random_.Below(1200)), [this, sweep] { Cancel(sweep); });
  }
  const absl::StatusCode code = answer.status().code();
  if (code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kDeadlineExceeded) {
    return lab_.timeline().After(absl::Seconds(1 + random_.Below(20)), [this, request] { Create(request); });
  }
  lab_.judge().Note(name_, "is refused: ", answer.status().message());
  --open_requests_;
}

void User::Cancel(const std::string& sweep) {
  v1::CancelSweepRequest request;
  request.set_name(sweep);
  lab_.network().Call<v1::CancelSweepResponse>(
      link, kPatience,
      [this, request](auto done) {
        lab_.controller().CancelSweep(request, std::move(done));
        return std::function<void()>();
      },
      [this, sweep](const absl::StatusOr<v1::CancelSweepResponse>& answer) {
        if (answer.ok()) return lab_.promises().OnCancelled(sweep);
        const absl::StatusCode code = answer.status().code();
        if (code != absl::StatusCode::kUnavailable && code != absl::StatusCode::kDeadlineExceeded) return;
        lab_.timeline().After(absl::Seconds(1 + random_.Below(20)), [this, sweep] { Cancel(sweep); });
      });
}

}  // namespace crosscall::sim
