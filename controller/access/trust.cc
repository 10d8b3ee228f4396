#include "controller/access/trust.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/shared/openssl.h"

namespace crosscall::access {
namespace {

// Renewed certificates leave their former ones behind: beyond this all are inspected anew.
constexpr std::size_t kMaxKnown = 32'768;

using StorePtr = std::unique_ptr<X509_STORE, shared::OpensslFree<X509_STORE_free>>;
using ContextPtr = std::unique_ptr<X509_STORE_CTX, shared::OpensslFree<X509_STORE_CTX_free>>;

}  // namespace

struct Trust::Anchor {
  std::string lab;
  StorePtr store;
};

absl::StatusOr<std::unique_ptr<Trust>> Trust::Make(const std::string& authority_pem, const shared::Clock& clock) {
  const absl::StatusOr<shared::X509Ptr> authority = shared::ParseCertificate(authority_pem);
  if (!authority.ok()) return authority.status();
  const absl::StatusOr<shared::Certificate> read = shared::ReadCertificate(**authority);
  if (!read.ok()) return read.status();
  auto anchor = std::make_unique<Anchor>();
  anchor->lab = read->lab;
  anchor->store.reset(X509_STORE_new());
  if (anchor->store == nullptr || X509_STORE_add_cert(anchor->store.get(), authority->get()) != 1) {
    return absl::InternalError(absl::StrCat("trust anchor: ", shared::OpensslError()));
  }
  return std::unique_ptr<Trust>(new Trust(std::move(anchor), clock));
}

Trust::Trust(std::unique_ptr<Anchor> anchor, const shared::Clock& clock) : anchor_(std::move(anchor)), clock_(clock) {}
Trust::~Trust() = default;

absl::StatusOr<Trust::Known> Trust::Inspect(absl::string_view pem) const {
  const absl::StatusOr<shared::X509Ptr> x509 = shared::ParseCertificate(pem);
  if (!x509.ok()) return absl::UnauthenticatedError(x509.status().message());
  const ContextPtr context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), anchor_->store.get(), x509->get(), nullptr) != 1 ||
      X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT) != 1) {
    return absl::InternalError(absl::StrCat("certificate check: ", shared::OpensslError()));
  }
  // Time is judged at each call, by our clock.
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(context.get()) != 1) {
    const char* const why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
    shared::OpensslError();
    return absl::UnauthenticatedError(absl::StrCat("the certificate is not one that the authority of lab ",
                                                   anchor_->lab, " gave to a client (", why,
                                                   "): enrol here with a join token"));
  }
  absl::StatusOr<shared::Certificate> read = shared::ReadCertificate(**x509);
  if (!read.ok()) return absl::UnauthenticatedError(read.status().message());
  absl::StatusOr<shared::Holder> holder = shared::HolderOf(read->uris);
  if (!holder.ok()) return absl::UnauthenticatedError(holder.status().message());
  if (holder->identity.lab != anchor_->lab) {
    return absl::UnauthenticatedError(
        absl::StrCat("the certificate is for lab ", holder->identity.lab, ", not for ", anchor_->lab));
  }
  Caller caller{std::move(holder->identity), read->serial, holder->rights};
  return Known{std::move(caller), *std::move(read)};
}

absl::StatusOr<Caller> Trust::Verify(absl::string_view certificate_pem) {
  const std::string pem(certificate_pem);
  absl::StatusOr<Known> found = absl::NotFoundError("");
  {
    const shared::MutexLock lock(mutex_);
    if (const auto known = known_.find(pem); known != known_.end()) found = known->second;
  }
  const bool fresh = !found.ok();
  if (fresh) found = Inspect(pem);
  if (!found.ok()) return found.status();
  if (absl::Status status = shared::CheckValidity(found->certificate, clock_.Wall(), "the controller"); !status.ok()) {
    return status;
  }
  const shared::MutexLock lock(mutex_);
  if (revoked_.count(found->caller.serial) != 0) {
    return absl::UnauthenticatedError(absl::StrCat("certificate ", found->caller.serial, " of ",
                                                   shared::ToUri(found->caller.identity),
                                                   " is revoked: ask an administrator for a join token"));
  }
  if (fresh) {
    if (known_.size() >= kMaxKnown) known_.clear();
    known_.emplace(pem, *found);
  }
  if (found->caller.identity.role == shared::Role::kAgent) {
    agent_ends_[found->caller.identity.name] = found->certificate.not_after;
  }
  return std::move(found->caller);
}

std::map<std::string, absl::Time> Trust::AgentCertificateEnds() {
  const shared::MutexLock lock(mutex_);
  return agent_ends_;
}

void Trust::Revoke(const std::vector<std::string>& serials) {
  const shared::MutexLock lock(mutex_);
  revoked_.insert(serials.begin(), serials.end());
}

}  // namespace crosscall::access
