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
  changes_.resize(words / kLineWords);
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

void ModelMemory::AddLine(u32 word) {
  changes_[word / kLineWords] = true;
  lines_.push_back(word / kLineWords * kLineWords);
}

void ModelMemory::Save(Snapshot& snapshot) const {
  snapshot.lines.resize(lines_.size());
  for (usize i = 0; i < lines_.size(); ++i) {
    std::memcpy(snapshot.lines[i].data(), base_ + lines_[i] * sizeof(u64), sizeof(Line));
  }
  snapshot.born_on_stacks.clear();
  for (const u32 word : born_on_stacks_) {
    if (Alive(word)) snapshot.born_on_stacks.push_back(word);
  }
}

void ModelMemory::Load(const Snapshot& snapshot) {
  for (usize i = 0; i < lines_.size(); ++i) {
    const u64* const saved = i < snapshot.lines.size() ? snapshot.lines[i].data() : &image_[lines_[i]];
    std::memcpy(base_ + lines_[i] * sizeof(u64), saved, sizeof(Line));
  }
  for (const u32 word : born_on_stacks_) alive_[word] = 0;
  born_on_stacks_ = snapshot.born_on_stacks;
  for (const u32 word : born_on_stacks_) alive_[word] = 1;
}

void ModelMemory::SaveStack(CpuId cpu, const char* top, std::vector<char>& used) const {
  const char* const end = stack(cpu) + kStackBytes;
  used.assign(top, end);
}

void ModelMemory::LoadStack(CpuId cpu, const std::vector<char>& used) {
  std::memcpy(stack(cpu) + kStackBytes - used.size(), used.data(), used.size());
}

Fingerprint ModelMemory::HiddenOf(CpuId cpu) const {
  const Word* const words = reinterpret_cast<const Word*>(base_);
  Fingerprint print;
  for (const Hidden& hidden : hidden_) {
    if ((hidden.owners >> cpu & 1) != 0) print.Mix(words[hidden.word]);
  }
  return print;
}

void ModelMemory::AddHidden(const Hidden& hidden) {
  hidden_.push_back(hidden);
  NoteWrite(hidden.word);
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
    AddHidden(Hidden{word, owner, words[word]});
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
    AddHidden(Hidden{word, 0xff, words[word]});
    return true;
  });
  return true;
}

}  // namespace crosscall::explore
