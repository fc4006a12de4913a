#include "launcher/coordinator/received_files.h"

#include <vector>

#include "common/error.h"
#include "common/model/manifest.h"

namespace fathom {

FileAnswer ReceivedFiles::Take(int server, const FileOrder& order) {
  if (!IsModelFileName(order.name))
    Fail(ExitCode::kPeer, "server {} orders a file \"{}\": no plain file name", server, order.name);
  try {
    return {.done = Do(server, order), .failure = {}};
  } catch (const Error& error) {
    if (error.code() == ExitCode::kPeer) throw;
    open_.erase(server);
    return {.done = false, .failure = error.what()};
  }
}

bool ReceivedFiles::Do(int server, const FileOrder& order) {
  const auto bytes = std::as_bytes(std::span(order.bytes));
  switch (order.act) {
    case FileAct::kCreate:
      open_.erase(server);  // one that the server gave up
      open_[server] = {order.name, out_.Create(order.name)};
      return true;
    case FileAct::kAppend:
      OpenOf(server, order).sink->Append(bytes);
      return true;
    case FileAct::kFinish:
      OpenOf(server, order).sink->Finish();
      open_.erase(server);
      return true;
    case FileAct::kOverwrite: {
      const FilePiece piece{order.offset, bytes};
      out_.Overwrite(order.name, {&piece, 1});
      return true;
    }
    case FileAct::kTakeOver:
      return out_.TakeOver(order.name);
    case FileAct::kRemove:
      out_.Remove(order.name);
      return true;
  }
  return false;
}

ReceivedFiles::OpenFile& ReceivedFiles::OpenOf(int server, const FileOrder& order) {
  const auto place = open_.find(server);
  if (place == open_.end() || place->second.name != order.name)
    Fail(ExitCode::kModel, "{}: server {} has not begun this file", order.name, server);
  return place->second;
}

}  // namespace fathom
