// Takes the wanted columns out of one record of text, whatever the format.
//
//   csv, tsv    columns by the header's names, or by data.names
//   criteo      tab-separated: label, I1 .. I13, C1 .. C26
//   libsvm      label, then index:value pairs. Column "N" is the value of index N; column
//               "features" is all pairs that no wanted column names
//   libffm      label, then field:index:value triples. Column "N" is field N's index:value pairs
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/text/record_stream.h"

namespace fathom {

// Where the wanted columns stand in one file's records; not used for libsvm and libffm.
struct FileColumns {
  std::vector<std::size_t> positions;  // by wanted column
  std::size_t fields = 0;              // in each record
};

class RecordSplitter {
 public:
  RecordSplitter(const DataConfig& data, std::vector<std::string> wanted);

  // What stands between fields where a record may be quoted over several lines; else 0.
  static char QuotedSeparator(const DataConfig& data);

  // What stands between fields; 0 where that depends on the line (libsvm, libffm).
  static char FieldSeparator(const DataConfig& data);

  // Whether each file's first record names its columns.
  static bool HasHeader(const DataConfig& data);

  // `header`: the file's first record, if HasHeader. Throws Error(kData) where a wanted column is
  // missing or a header has a name twice.
  FileColumns Resolve(const std::filesystem::path& file, std::string_view header);

  // Sets values[i] to wanted column i, a view into the record or into this object, valid until the
  // next call. Returns an empty string, or what is wrong with the record.
  std::string Split(const Record& record, const FileColumns& columns,
                    std::vector<std::string_view>* values);

  // Split sets only these of the values, except for libsvm and libffm.
  void Only(std::vector<std::size_t> wanted) { needed_ = std::move(wanted); }

 private:
  std::string TakeCuts(const Record& record, const FileColumns& columns,
                       std::vector<std::string_view>* values) const;
  std::string SplitFields(std::string_view record, const FileColumns& columns,
                          std::vector<std::string_view>* values);
  std::string SplitPairs(std::string_view record, std::vector<std::string_view>* values);

  DataConfig data_;
  std::vector<std::string> wanted_;
  bool pairs_;  // libsvm, libffm
  bool trims_;
  char separator_;
  std::vector<std::size_t> needed_;  // among wanted_
  std::vector<std::string_view> fields_;
  std::string unescaped_;
  std::vector<std::string> joined_;  // libsvm, libffm: by wanted column
};

}  // namespace fathom
