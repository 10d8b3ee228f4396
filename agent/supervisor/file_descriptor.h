// An owned file descriptor.
#ifndef AGENT_SUPERVISOR_FILE_DESCRIPTOR_H_
#define AGENT_SUPERVISOR_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace crosscall::supervisor {

// Closes it when it goes; -1 owns nothing. Not thread-safe.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~FileDescriptor() { Reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace crosscall::supervisor

#endif  // AGENT_SUPERVISOR_FILE_DESCRIPTOR_H_
