// The completion of fathom's command line for bash.
//
// It is made from the parser and from the table of settings, so that it has every command, option
// and setting that there is: packages make their file by `fathom completion`.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace fathom {

// A script for bash to read. It offers commands, options, keys of settings, those of the columns
// that the named config has, the words of closed sets, and else names of files.
std::string BashCompletion(const CLI::App& app);

}  // namespace fathom
