// The last bytes of what a worker printed.
#ifndef AGENT_SUPERVISOR_TEXT_TAIL_H_
#define AGENT_SUPERVISOR_TEXT_TAIL_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace crosscall::supervisor {

// Keeps at most `limit` bytes, the newest. Not thread-safe.
class TextTail {
 public:
  explicit TextTail(std::size_t limit) : limit_(limit) {}

  void Append(absl::string_view text) {
    if (text.size() >= limit_) {
      text_.assign(text.data() + text.size() - limit_, limit_);
      return;
    }
    text_.append(text.data(), text.size());
    if (text_.size() > limit_) text_.erase(0, text_.size() - limit_);
  }
  const std::string& text() const { return text_; }

 private:
  std::size_t limit_;
  std::string text_;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_TEXT_TAIL_H_
