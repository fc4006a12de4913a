#include "launcher/export/npz_file.h"

#include <fmt/format.h>

namespace fathom {
namespace {

constexpr std::size_t kNpyAlignment = 64;
constexpr std::size_t kNpyFixedBytes = 10;  // magic, version, the header's length
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kFirstOfJanuary1980 = 0x21;
constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;  // the number stands in the 64-bit field

template <typename T>
void Put(std::string* text, T value) {
  text->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string NpyHeader(const std::string& type, const std::vector<std::uint64_t>& shape) {
  std::string dims;
  for (const std::uint64_t dim : shape) dims += fmt::format("{}, ", dim);
  if (dims.size() > 2 && shape.size() > 1) dims.resize(dims.size() - 2);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, dims);
  while ((kNpyFixedBytes + header.size() + 1) % kNpyAlignment != 0) header += ' ';
  header += '\n';
  std::string npy("\x93NUMPY\x01\x00", 8);
  Put(&npy, static_cast<std::uint16_t>(header.size()));
  return npy + header;
}

std::span<const std::byte> BytesOfText(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::size_t NpzFile::Add(const std::string& name, const std::string& type, std::size_t item_bytes,
                         const std::vector<std::uint64_t>& shape) {
  std::uint64_t items = 1;
  for (const std::uint64_t dim : shape) items *= dim;
  Array array;
  array.name = name + ".npy";
  array.header = NpyHeader(type, shape);
  array.bytes = array.header.size() + items * item_bytes;
  arrays_.push_back(std::move(array));
  return arrays_.size() - 1;
}

std::string NpzFile::LocalHeader(const Array& array) const {
  std::string header("PK\x03\x04");
  Put(&header, kZip64Version);
  Put(&header, std::uint16_t{0});  // flags
  Put(&header, std::uint16_t{0});  // stored
  Put(&header, std::uint16_t{0});  // time
  Put(&header, kFirstOfJanuary1980);
  Put(&header, static_cast<std::uint32_t>(array.crc.checksum()));
  Put(&header, kInZip64);
  Put(&header, kInZip64);
  Put(&header, static_cast<std::uint16_t>(array.name.size()));
  Put(&header, std::uint16_t{20});
  header += array.name;
  Put(&header, std::uint16_t{1});  // the field of 64-bit lengths
  Put(&header, std::uint16_t{16});
  Put(&header, array.bytes);
  Put(&header, array.bytes);
  return header;
}

// The central directory and its ends.
std::string NpzFile::Directory() const {
  std::string text;
  for (const Array& array : arrays_) {
    text += "PK\x01\x02";
    Put(&text, kZip64Version);
    Put(&text, kZip64Version);
    Put(&text, std::uint16_t{0});
    Put(&text, std::uint16_t{0});
    Put(&text, std::uint16_t{0});
    Put(&text, kFirstOfJanuary1980);
    Put(&text, static_cast<std::uint32_t>(array.crc.checksum()));
    Put(&text, kInZip64);
    Put(&text, kInZip64);
    Put(&text, static_cast<std::uint16_t>(array.name.size()));
    Put(&text, std::uint16_t{28});
    for (int i = 0; i < 3; ++i) Put(&text, std::uint16_t{0});  // comment, disk, attributes
    Put(&text, std::uint32_t{0});
    Put(&text, kInZip64);
    text += array.name;
    Put(&text, std::uint16_t{1});
    Put(&text, std::uint16_t{24});
    Put(&text, array.bytes);
    Put(&text, array.bytes);
    Put(&text, array.offset);
  }
  const std::uint64_t directory_bytes = text.size();
  text += "PK\x06\x06";
  Put(&text, std::uint64_t{44});
  Put(&text, kZip64Version);
  Put(&text, kZip64Version);
  Put(&text, std::uint64_t{0});  // disks
  Put(&text, std::uint64_t{arrays_.size()});
  Put(&text, std::uint64_t{arrays_.size()});
  Put(&text, directory_bytes);
  Put(&text, directory_offset_);
  text += "PK\x06\x07";
  Put(&text, std::uint32_t{0});
  Put(&text, directory_offset_ + directory_bytes);
  Put(&text, std::uint32_t{1});
  text += "PK\x05\x06";
  Put(&text, std::uint32_t{0});
  Put(&text, std::uint16_t{0xFFFF});
  Put(&text, std::uint16_t{0xFFFF});
  Put(&text, kInZip64);
  Put(&text, kInZip64);
  Put(&text, std::uint16_t{0});
  return text;
}

void NpzFile::Begin(const std::filesystem::path& file) {
  std::uint64_t at = 0;
  for (Array& array : arrays_) {
    array.offset = at;
    at += LocalHeader(array).size() + array.bytes;
  }
  directory_offset_ = at;
  bytes_ = at + Directory().size();
  file_ = std::make_unique<AssembledFile>(file, bytes_, ExitCode::kModel);
  for (std::size_t a = 0; a < arrays_.size(); ++a) {
    Array& array = arrays_[a];
    array.part = &file_->AddPart(array.offset + LocalHeader(array).size(), array.bytes);
    Write(a, BytesOfText(array.header));
  }
}

void NpzFile::Write(std::size_t array, std::span<const std::byte> bytes) {
  arrays_[array].crc.process_bytes(bytes.data(), bytes.size());
  arrays_[array].part->Write(bytes);
}

void NpzFile::Finish() {
  for (const Array& array : arrays_) file_->WriteAt(array.offset, BytesOfText(LocalHeader(array)));
  file_->WriteAt(directory_offset_, BytesOfText(Directory()));
  file_->Finish();
}

}  // namespace fathom
