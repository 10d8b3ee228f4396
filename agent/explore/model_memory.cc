#include "agent/explore/model_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "agent/explore/fiber.h"
#include "proto/shared/check.h"

namespace crosscall::explore {
namespace {

constexpr usize kPage = 4096;

char* Map(usize bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<char*>(memory);
}

}  // namespace

ModelMemory::ModelMemory(usize block_bytes, u32 cpus)
    : block_bytes_((block_bytes + kPage - 1) / kPage * kPage),
      bytes_(block_bytes_ + kStackBytes * cpus),
      mapping_(Map(bytes_), Unmap{bytes_}),
      base_(mapping_.get()),
      alive_(bytes_ / sizeof(u64), 0) {
  for (CpuId cpu = 0; cpu < cpus; ++cpu) {
    CROSSCALL_CHECK(mprotect(stack(cpu), kPage, PROT_NONE) == 0, "a guard page of our own mapping");
  }
}

ModelMemory::~ModelMemory() = default;

void ModelMemory::Unmap::operator()(char* memory) const {
  // A mapping that comes after may have the same addresses.
  Fiber::Forget(memory, bytes);
  munmap(memory, bytes);
}

void ModelMemory::SetAlive(u32 word, bool alive) {
  alive_[word] = alive ? 1 : 0;
  if (alive && !InBlock(word)) born_on_stacks_.push_back(word);
}

void ModelMemory::Seal() {
  const usize words = block_bytes_ / sizeof(u64);
  image_.resize(words);
  std::memcpy(image_.data(), base_, block_bytes_);
  for (u32 word = 0; word < words; ++word) {
    if (alive_[word] == 0) quiet_.push_back(word);
  }
}

void ModelMemory::Restore() {
  std::memcpy(base_, image_.data(), block_bytes_);
  for (const u32 word : born_on_stacks_) alive_[word] = 0;
  born_on_stacks_.clear();
  for (Hidden& hidden : hidden_) hidden.shadow = image_[hidden.word];
}

Fingerprint ModelMemory::HiddenOf(CpuId cpu) const {
  const Word* const words = reinterpret_cast<const Word*>(base_);
  Fingerprint print;
  for (const Hidden& hidden : hidden_) {
    if ((hidden.owners >> cpu & 1) != 0) print.Mix(words[hidden.word]);
  }
  return print;
}

bool ModelMemory::WatchHidden(CpuId cpu) {
  const Word* const words = reinterpret_cast<const Word*>(base_);
  const u8 owner = static_cast<u8>(1u << cpu);
  bool news = false;
  for (Hidden& hidden : hidden_) {
    if (words[hidden.word] == hidden.shadow) continue;
    hidden.shadow = words[hidden.word];
    if ((hidden.owners & owner) == 0) news = true;
    hidden.owners |= owner;
  }
  std::erase_if(quiet_, [&](u32 word) {
    if (words[word] == image_[word]) return false;
    hidden_.push_back(Hidden{word, owner, words[word]});
    news = true;
    return true;
  });
  return news;
}

bool ModelMemory::FindHidden() {
  const Word* const words = reinterpret_cast<const Word*>(base_);
  if (std::all_of(quiet_.begin(), quiet_.end(), [&](u32 word) { return words[word] == image_[word]; })) return false;
  std::erase_if(quiet_, [&](u32 word) {
    if (words[word] == image_[word]) return false;
    hidden_.push_back(Hidden{word, 0xff, words[word]});
    return true;
  });
  return true;
}

}  // namespace crosscall::explore
