// The files of one save that come over the network, from servers whose hosts do not see the folder
// (common/message/file_order.h): written into it as their orders say, one block in memory at a
// time.
//
// Thread rule: the coordinator's thread. Failures of the disk are answers; Error(kPeer): an order
// that makes no sense.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "common/file/file_sink.h"
#include "common/message/file_answer.h"
#include "common/message/file_order.h"
#include "common/model/model_output.h"

namespace fathom {

class ReceivedFiles {
 public:
  // As FolderOutput.
  ReceivedFiles(const std::filesystem::path& dir, const std::filesystem::path& base)
      : out_(dir, base) {}

  // Does what a server orders.
  FileAnswer Take(int server, const FileOrder& order);

 private:
  struct OpenFile {
    std::string name;
    std::unique_ptr<FileSink> sink;
  };

  bool Do(int server, const FileOrder& order);
  OpenFile& OpenOf(int server, const FileOrder& order);

  FolderOutput out_;
  std::map<int, OpenFile> open_;  // by server
};

}  // namespace fathom
