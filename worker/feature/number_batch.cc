#include "worker/feature/number_batch.h"

namespace fathom {

void NumberBatch::Add(const ColumnEncoder& encoder, std::size_t column) {
  const std::size_t i = numbers_.size();
  const NumberSteps steps = encoder.transform().Steps();
  numbers_.Add({.slot = encoder.slot(),
                .log = steps.log,
                .zero_if_missing = encoder.zero_if_missing(),
                .mean = steps.mean,
                .stddev = steps.stddev});
  encoders_.push_back(&encoder);
  columns_.push_back(column);
  if (steps.further) further_.push_back(i);
  const auto statistics = encoder.transform().NewStatistics();
  if (statistics != nullptr) (statistics->OnlyMoments() != nullptr ? moments_ : each_).push_back(i);
}

bool NumberBatch::Read(const std::vector<std::string_view>& values) {
  if (numbers_.Read(values)) return true;
  bool all = true;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (!numbers_.odd(i)) continue;
    double x = 0;
    if (encoders_[i]->ReadNumber(values[encoders_[i]->slot()], &x)) {
      numbers_.Set(i, x);
    } else {
      all = false;
    }
  }
  return all;
}

void NumberBatch::Write(float* numbers) const {
  numbers_.Write(numbers);
  for (const std::size_t i : further_) {
    const Transform& transform = encoders_[i]->transform();
    numbers[i] = numbers_.present(i)
                     ? static_cast<float>(transform.Further(numbers_.standardised(i)))
                     : transform.Missing();
  }
}

void NumberBatch::Observe(std::uint64_t place, StatisticsByColumn* statistics) {
  numbers_.Observe();
  for (const std::size_t i : each_) {
    if (numbers_.present(i) && !numbers_.odd(i))
      (*statistics)[columns_[i]]->AddNumber(numbers_.number(i), place);
  }
}

void NumberBatch::EndObserving(StatisticsByColumn* statistics) {
  for (const std::size_t i : moments_)
    *(*statistics)[columns_[i]]->OnlyMoments() = numbers_.moments(i);
  numbers_.ForgetMoments();
}

}  // namespace fathom
