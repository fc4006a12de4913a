// Takes the wanted columns out of one record of text. Each format has a file of its own, which
// says what its columns are: csv_format.cc, criteo_format.cc, libsvm_format.cc, libffm_format.cc,
// vw_format.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/text/record_stream.h"

namespace fathom {

// Where the wanted columns stand in one file's records; nothing where each record says so itself.
struct FileColumns {
  std::vector<std::size_t> positions;  // by wanted column
  std::size_t fields = 0;              // in each record
  bool has_header = false;             // its first record names the columns
};

// Thread rule: one thread's own, as it keeps scratch.
class InputFormat {
 public:
  virtual ~InputFormat() = default;

  // What stands between fields where a record may be quoted over several lines; else none.
  virtual Separator QuotedSeparator() const { return 0; }

  // The one byte that stands between fields; 0 where there is none such. Records then come with
  // their cuts.
  virtual char FieldSeparator() const { return 0; }

  // Whether a record holds nothing to read, as a comment.
  virtual bool HoldsNothing(std::string_view /*record*/) const { return false; }

  // `first`: the file's first record that is not blank. Throws Error(kData) where the file, or the
  // format, does not have a wanted column.
  virtual FileColumns Resolve(const std::string& file, std::string_view first) = 0;

  // Sets values[i] to wanted column i, a view into the record or into this object, valid until the
  // next call. Of a format with the trait kPairs a value is one number, or id:number pairs between
  // blanks. Returns an empty string, or what is wrong with the record.
  virtual std::string Split(const Record& record, const FileColumns& columns,
                            std::vector<std::string_view>* values) = 0;

  // From now on the caller looks at these of the values only. A format that can save work leaves
  // the others as they are.
  virtual void Only(std::vector<std::size_t> /*wanted*/) {}
};

// Each format's file defines its own.
template <DataFormat kFormat>
std::unique_ptr<InputFormat> MakeFormat(const DataConfig& data, std::vector<std::string> wanted);
#define FATHOM_FORMAT(kind, name, traits)                                      \
  template <>                                                                  \
  std::unique_ptr<InputFormat> MakeFormat<DataFormat::kind>(const DataConfig&, \
                                                            std::vector<std::string>);
#include "common/config/formats.def"
#undef FATHOM_FORMAT

// The reader of data.format for the columns with these names.
std::unique_ptr<InputFormat> MakeInputFormat(const DataConfig& data,
                                             std::vector<std::string> wanted);

}  // namespace fathom
