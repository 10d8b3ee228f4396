// One controller for a state folder: a lock that the kernel drops with its process, however that ends.
#ifndef CONTROLLER_STORE_FOLDER_LOCK_H_
#define CONTROLLER_STORE_FOLDER_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace crosscall::store {

class FolderLock {
 public:
  // In the folder; it stays when the lock is dropped.
  static constexpr char kFileName[] = "lock";

  // Makes the folder (but not its parent) if needed. FAILED_PRECONDITION: another process holds it; the text has its
  // number.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace crosscall::store

#endif  // CONTROLLER_STORE_FOLDER_LOCK_H_
