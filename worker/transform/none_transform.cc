// none: a value's key is the hash of its text; a number stays as it is.
#include "worker/transform/transform.h"

namespace fathom {
namespace {

class NoneTransform : public Transform {
 public:
  explicit NoneTransform(const ColumnConfig& column)
      : seed_(ColumnSeed(column.name)),
        hash_buckets_(static_cast<std::uint64_t>(column.hash_buckets)) {}

  bool KeyOf(std::string_view value, Key* key, std::string* /*error*/) const override {
    *key = ValueKey(seed_, value, hash_buckets_);
    return true;
  }

  bool KeysByText() const override { return hash_buckets_ == 0; }

 private:
  std::uint64_t seed_;
  std::uint64_t hash_buckets_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kNone>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<NoneTransform>(column);
}

}  // namespace fathom
