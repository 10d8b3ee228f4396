#include "controller/power/runner.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "controller/power/child.h"
#include "proto/shared/check.h"

namespace crosscall::power {
namespace {

Report NotStarted() {
  Report report;
  report.result = "not started: the controller is stopping";
  return report;
}

}  // namespace

Runner::Runner() : stop_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CROSSCALL_CHECK(stop_fd_ >= 0, "an eventfd can be had when a process starts");
}

Runner::~Runner() {
  Stop();
  close(stop_fd_);
}

void Runner::Run(const std::string& board, Command command, Done done) {
  JoinEnded();
  {
    shared::MutexLock lock(mutex_);
    if (!stopped_) {
      Lane& lane = lanes_[board];
      lane.jobs.push_back({std::move(command), std::move(done)});
      if (!lane.thread.joinable()) lane.thread = std::thread([this, board] { Work(board); });
      return;
    }
  }
  done(NotStarted());
}

void Runner::Work(const std::string& board) {
  for (;;) {
    Job job;
    bool stopped = false;
    {
      shared::MutexLock lock(mutex_);
      stopped = stopped_;
      Lane& lane = lanes_.at(board);
      if (lane.jobs.empty()) {
        ended_.push_back(std::move(lane.thread));
        lanes_.erase(board);
        lane_ended_.NotifyAll();
        return;
      }
      job = std::move(lane.jobs.front());
      lane.jobs.pop_front();
    }
    job.done(stopped ? NotStarted() : RunToEnd(job.command, stop_fd_));
  }
}

void Runner::JoinEnded() {
  std::vector<std::thread> ended;
  {
    shared::MutexLock lock(mutex_);
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) thread.join();
}

void Runner::Stop() {
  {
    shared::MutexLock lock(mutex_);
    stopped_ = true;
  }
  const std::uint64_t one = 1;
  // The counter of an eventfd that nobody reads cannot overflow by this.
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof(one));
  {
    shared::MutexLock lock(mutex_);
    while (!lanes_.empty()) lane_ended_.Wait(mutex_);
  }
  JoinEnded();
}

}  // namespace crosscall::power
