#include "controller/api/requester.h"

#include "absl/strings/str_cat.h"

namespace crosscall::api {

dispatch::Requester RequesterOf(const Gate* gate, const grpc::ServerContextBase& context, const std::string& action) {
  dispatch::Requester requester;
  if (gate == nullptr) {
    requester.address = AddressOf(context);
    return requester;
  }
  const access::Actor actor = gate->ActorOf(context);
  requester.name = actor.name;
  requester.address = actor.address;
  requester.others = gate->CheckRightOnOthers(context, absl::StrCat("/crosscall.v1.", action));
  requester.witness = gate->Auditor(actor, action);
  return requester;
}

}  // namespace crosscall::api
