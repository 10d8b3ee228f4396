#include "controller/access/authority_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace crosscall::access {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class AuthorityFolderTest : public testing::Test {
 protected:
  AuthorityFolderTest() : folder_(testing::TempDir() + "/authorityXXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~AuthorityFolderTest() override { std::filesystem::remove_all(folder_); }

  void Save() {
    auto made = Authority::Make("lab", kNow);
    ASSERT_TRUE(made.ok()) << made.status();
    const auto server = (*made)->IssueServer({"localhost"}, kNow, absl::Hours(1));
    ASSERT_TRUE(server.ok()) << server.status();
    const absl::Status saved = SaveAuthority(folder_, **made, *server);
    ASSERT_TRUE(saved.ok()) << saved;
  }

  std::string folder_;
};

TEST_F(AuthorityFolderTest, WithoutOneSaysHowToHaveOne) {
  const auto loaded = LoadAuthority(folder_);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("crosscall-controller init"));
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("--insecure"));
}

TEST_F(AuthorityFolderTest, ComesBackAndIsItsOwnersAlone) {
  Save();
  EXPECT_TRUE(LoadAuthority(folder_).ok());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    struct stat file {};
    ASSERT_EQ(stat(entry.path().c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0077, 0U) << entry.path();
  }
}

TEST_F(AuthorityFolderTest, IsNeverReplaced) {
  Save();
  const std::string before = (*LoadAuthority(folder_))->certificate();
  auto other = Authority::Make("lab", kNow);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(SaveAuthority(folder_, **other, "").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ((*LoadAuthority(folder_))->certificate(), before);
}

TEST_F(AuthorityFolderTest, WhatOthersMayReadIsRefused) {
  Save();
  for (const char* file : {"authority/ca.key", "authority/server.pem", "authority"}) {
    const std::string path = folder_ + "/" + file;
    struct stat before {};
    ASSERT_EQ(stat(path.c_str(), &before), 0);
    ASSERT_EQ(chmod(path.c_str(), before.st_mode | S_IRGRP), 0);
    EXPECT_EQ(LoadAuthority(folder_).status().code(), absl::StatusCode::kPermissionDenied) << file;
    ASSERT_EQ(chmod(path.c_str(), before.st_mode), 0);
  }
  EXPECT_TRUE(LoadAuthority(folder_).ok());
}

TEST_F(AuthorityFolderTest, TheServersCertificateIsJudgedByTheClock) {
  Save();
  EXPECT_TRUE(CheckServerFile(folder_, kNow).ok());
  const absl::Status late = CheckServerFile(folder_, kNow + absl::Hours(2));
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(late.message()), HasSubstr("server-certificate"));
  ASSERT_TRUE(SaveServer(folder_, "damaged").ok());
  EXPECT_EQ(CheckServerFile(folder_, kNow).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace crosscall::access
