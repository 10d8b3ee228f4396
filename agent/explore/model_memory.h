// The memory of one model machine: a block for the objects under test, then a stack for each CPU, in one mapping, so
// that a cell is known by its word number. Also what is there that is no cell: words of the block that change though
// the port never sees it ("hidden": fields that only one CPU and its handlers use).
//
// An execution starts from the block as Seal found it.
//
// Thread safety: one search, one thread.
#ifndef AGENT_EXPLORE_MODEL_MEMORY_H_
#define AGENT_EXPLORE_MODEL_MEMORY_H_

#include <array>
#include <memory>
#include <vector>

#include "agent/explore/fingerprint.h"

namespace crosscall::explore {

class ModelMemory {
 public:
  // Objects of any type, looked at as words.
  using Word [[gnu::may_alias]] = u64;

  // The lowest page of a stack is a guard: running over it ends the process. Sanitizers make frames several times as
  // large.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr usize kStackBytes = usize{1024} * 1024;
#else
  static constexpr usize kStackBytes = usize{128} * 1024;
#endif

  static constexpr u32 kLineWords = 8;
  using Line = std::array<u64, kLineWords>;

  // Zeroed. Running out of memory is std::bad_alloc.
  ModelMemory(usize block_bytes, u32 cpus);
  ~ModelMemory();
  ModelMemory(const ModelMemory&) = delete;
  ModelMemory& operator=(const ModelMemory&) = delete;

  char* block() const { return base_; }
  char* stack(CpuId cpu) const { return base_ + block_bytes_ + kStackBytes * cpu; }
  usize words() const { return bytes_ / sizeof(u64); }
  // words() or more if the address is not in here.
  usize WordOf(const u64* cell) const {
    return (reinterpret_cast<core::uptr>(cell) - reinterpret_cast<core::uptr>(base_)) / sizeof(u64);
  }
  bool InBlock(u32 word) const { return word < block_bytes_ / sizeof(u64); }
  // Of a word that is not in the block: whose stack it is on.
  CpuId OwnerOf(u32 word) const { return static_cast<CpuId>((word * sizeof(u64) - block_bytes_) / kStackBytes); }
  // What an execution starts with.
  u64 Initial(u32 word) const { return InBlock(word) ? image_[word] : 0; }

  void SetAlive(u32 word, bool alive);
  bool Alive(u32 word) const { return alive_[word] != 0; }

  // The block is built: what it holds now is how every execution starts.
  void Seal();
  void Restore();

  // The block in the midst of an execution: only the lines that an execution ever changed. And which words of stacks
  // are cells.
  struct Snapshot {
    std::vector<Line> lines;
    std::vector<u32> born_on_stacks;
  };
  // Words that are hidden and not yet known stay as they are: Restore brings back all, FindHidden tells of them.
  void Save(Snapshot& snapshot) const;
  void Load(const Snapshot& snapshot);
  // A CPU's stack from `top` on.
  void SaveStack(CpuId cpu, const char* top, std::vector<char>& used) const;
  void LoadStack(CpuId cpu, const std::vector<char>& used);
  // A cell of the block is about to be written.
  void NoteWrite(u32 word) {
    if (!changes_[word / kLineWords]) AddLine(word);
  }

  // Hidden words that this CPU changes, as a fingerprint.
  Fingerprint HiddenOf(CpuId cpu) const;
  // Looks for hidden words that changed since the last look, and blames `cpu`. True if that was not known.
  bool WatchHidden(CpuId cpu);
  // Looks for changed words that are not known at all, and blames every CPU.
  bool FindHidden();

 private:
  void AddLine(u32 word);

  struct Hidden {
    u32 word;
    u8 owners;  // bit c: CPU c changes it
    u64 shadow;
  };

  void AddHidden(const Hidden& hidden);

  struct Unmap {
    usize bytes;
    void operator()(char* memory) const;
  };

  const usize block_bytes_;
  const usize bytes_;
  const std::unique_ptr<char, Unmap> mapping_;
  char* const base_;
  std::vector<u8> alive_;
  std::vector<u64> image_;
  std::vector<u32> lines_;     // that change, by their first word; only ever more
  std::vector<bool> changes_;  // by line
  std::vector<u32> born_on_stacks_;
  std::vector<u32> quiet_;  // words of the block that are no cells and were never seen to change
  std::vector<Hidden> hidden_;
};

}  // namespace crosscall::explore

#endif  // AGENT_EXPLORE_MODEL_MEMORY_H_
