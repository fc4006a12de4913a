// Records and fields of separated text: they cover the text, in order, and quoting a field's
// text again gives the field.
#include "common/check.h"
#include "tests/fuzz/fuzz_input.h"
#include "worker/text/csv.h"
#include "worker/text/record_stream.h"
#include "worker/text/text_blocks.h"

using namespace fathom;

namespace {

std::string Quoted(std::string_view field) {
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

void CheckRoundTrip(const std::vector<std::string_view>& fields, char separator) {
  std::string record;
  for (std::size_t i = 0; i < fields.size(); ++i)
    record += (i == 0 ? "" : std::string(1, separator)) + Quoted(fields[i]);
  std::vector<std::string_view> again;
  std::string unescaped;
  FATHOM_CHECK(SplitCsv(record, separator, false, &again, &unescaped).empty());
  FATHOM_CHECK(fields == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t options = input.Byte();
  const char separator = (options & 1) != 0 ? ',' : '\t';
  TextBlock block{
      .file = 0, .first_line = 1, .starts_file = true, .text = std::string(input.text())};
  RecordStream records(block, separator, (options & 4) != 0 ? separator : '\0');
  Record record;
  std::vector<std::string_view> fields;
  std::string unescaped;
  const char* last = block.text.data();
  while (records.Next(&record)) {
    FATHOM_CHECK(record.text.data() >= last);
    last = record.text.data() + record.text.size();
    const bool good =
        SplitCsv(record.text, separator, (options & 2) != 0, &fields, &unescaped).empty();
    if (good) CheckRoundTrip(fields, separator);
    // A record that comes with its cuts has no quotes, so it splits.
    FATHOM_CHECK(record.cuts.empty() || (good && record.cuts.size() == fields.size() + 1));
  }
  FATHOM_CHECK(last <= block.text.data() + block.text.size());
  return 0;
}
