// digests.txt: what each step of a run in sync mode has changed, as one number (step_digest.h of
// the servers). Two runs with the same digest of a step have changed the same rows to the same
// bits; where they first differ, the runs part.
//
// A line of its own says what the file is; then comes a line a step, "137 00c1f2a90b3d4e5f": the
// step, counted from 1, and the digest. Lines are written with each save of the model, and ascend.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fathom {

inline constexpr const char* kDigestsFile = "digests.txt";  // of the output folder

// Thread rule: one thread's own.
class StepDigests {
 public:
  // Goes on after `start_step`: keeps the lines up to it that the file has, and drops later ones.
  // From step 0 on it is written anew. Throws Error(kTraining): it cannot be written; Error(kData)
  // where another file has the name.
  StepDigests(const std::filesystem::path& file, std::uint64_t start_step, int servers);

  // Throws Error(kUsage) where something has this name that is not ours.
  static void CheckOurs(const std::filesystem::path& file);

  // Of a run that keeps none: removes those of an earlier run. What is not ours stays.
  static void Remove(const std::filesystem::path& file);

  // A server's shares of the steps after those that it has given so far, in order. A step's line is
  // written once all servers have given theirs. Throws Error(kTraining).
  void Add(int server, std::span<const std::uint64_t> shares);

 private:
  std::filesystem::path file_;
  std::ofstream out_;
  std::uint64_t step_;                             // the last that is written
  std::vector<std::deque<std::uint64_t>> shares_;  // by server, of the steps from step_ + 1 on
};

struct StepDigestLine {
  std::uint64_t step = 0;  // from 1
  std::uint64_t digest = 0;
};

// Those of the file, ascending by step, up to the first line that is not whole; none where there is
// no such file, or another has this name.
std::vector<StepDigestLine> ReadStepDigests(const std::filesystem::path& file);

// How far two runs are the same, as their digests tell.
struct Parting {
  std::uint64_t same_through = 0;     // the last step that both have with the same digest before
                                      // `step`; 0: none
  std::optional<std::uint64_t> step;  // the first that they have changed otherwise; nothing: there
                                      // is none among those that both have
};
Parting FindParting(std::span<const StepDigestLine> a, std::span<const StepDigestLine> b);

}  // namespace fathom
