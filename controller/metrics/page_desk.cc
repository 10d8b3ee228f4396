#include "controller/metrics/page_desk.h"

#include <httplib.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

namespace crosscall::metrics {
namespace {

constexpr char kExposition[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr std::size_t kPieceBytes = 64 << 10;

}  // namespace

// Counts itself for as long as somebody holds it.
struct PageDesk::Page {
  explicit Page(std::atomic<int>& all) : held(all) {}
  ~Page() { held.fetch_sub(1); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::atomic<int>& held;
  std::string text;
};

void PageDesk::Answer(httplib::Response& response, absl::FunctionRef<absl::StatusOr<std::string>()> make) {
  const bool too_many = held_.fetch_add(1) >= most_held_;
  const auto page = std::make_shared<Page>(held_);
  if (too_many) {
    response.status = 503;
    response.set_header("Retry-After", "1");
    response.set_content("too many are reading; try again\n", kPlain);
    return;
  }
  {
    const shared::MutexLock lock(making_);
    absl::StatusOr<std::string> text = make();
    if (!text.ok()) {
      response.status = 404;
      response.set_content(absl::StrCat(std::string(text.status().message()), "\n"), kPlain);
      return;
    }
    page->text = *std::move(text);
  }
  const absl::Duration until = clock_.Monotonic() + patience_;
  // In pieces, so that a compressed page is never in memory as a whole either.
  response.set_chunked_content_provider(kExposition, [this, page, until](std::size_t offset, httplib::DataSink& sink) {
    if (clock_.Monotonic() >= until) return false;
    const std::size_t size = std::min(kPieceBytes, page->text.size() - offset);
    if (!sink.write(page->text.data() + offset, size)) return false;
    if (offset + size == page->text.size()) sink.done();
    return true;
  });
}

}  // namespace crosscall::metrics
