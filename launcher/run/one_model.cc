#include "launcher/run/one_model.h"

#include <optional>
#include <span>
#include <vector>

#include "common/error.h"
#include "common/run/model_identity.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// What rank 0 has found at the path of the model.
struct Finding {
  ModelIdentity model;
  bool failed = false;
};

// What a model's reader throws, if it does.
std::optional<Error> FailureOf(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() != ExitCode::kModel) throw;
    return error;
  }
  return std::nullopt;
}

// Throws on every rank where one has failed, there in its own words.
void FailTogether(const std::optional<Error>& failure, const fs::path& dir, MpiSession& mpi) {
  const std::vector<int> failed = mpi.RanksWhere(failure.has_value());
  if (failure) throw *failure;
  if (failed.empty()) return;
  Fail(ExitCode::kModel, "{}: rank {} on {} could not read it; see its log", dir.string(),
       failed.front(), mpi.hosts()[static_cast<std::size_t>(failed.front())]);
}

}  // namespace

OneModel::OneModel(const Config& config, const Layout& layout, const fs::path& dir,
                   MpiSession& mpi) {
  std::optional<Error> failure;
  if (mpi.rank() == 0) failure = FailureOf([&] { model_ = OpenModel(dir); });
  Finding first{.model = IdentityOf(model_.manifest), .failed = failure.has_value()};
  mpi.Broadcast(std::as_writable_bytes(std::span(&first, 1)));
  if (first.failed)
    throw failure.value_or(Error(ExitCode::kModel, dir.string() + ": rank 0 cannot read it"));
  const fs::path place = mpi.rank() == 0 ? model_.dir : FindModel(dir);
  failure = FailureOf([&] {
    copy_ = std::make_unique<ModelCopy>(config, layout, place, first.model, mpi);
    if (mpi.rank() != 0) model_ = OpenModel(copy_->dir());
  });
  FailTogether(failure, dir, mpi);
}

void ReadOneModelTogether(const fs::path& dir, MpiSession& mpi, const std::function<void()>& read) {
  for (ModelWatch watch({dir});;) {
    const std::optional<Error> failure = FailureOf(read);
    if (mpi.RanksWhere(failure.has_value()).empty()) return;
    bool again = mpi.rank() == 0 && watch.ReadAgain();
    mpi.Broadcast(std::as_writable_bytes(std::span(&again, 1)));
    if (again) continue;
    throw failure.value_or(Error(ExitCode::kModel, "another rank could not read the model"));
  }
}

}  // namespace fathom
