#include "launcher/commands/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace fathom {
namespace {

// Whether a line of the script is this one.
testing::AssertionResult HasLine(const std::string& script, const std::string& line) {
  if (script.find("\n" + line + "\n") != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no line \"" << line << "\" in\n" << script;
}

// The script is tried in bash by tests/packages/completion.sh; here, what it is told of a parser.
TEST(BashCompletion, SaysWhatEachOptionTakes) {
  CLI::App app;
  CLI::App* const command = app.add_subcommand("score", "");
  std::string file, form, kind;
  int rows = 0, level = 0;
  bool quiet = false;
  std::vector<std::string> settings;
  command->add_option("FILE", file);
  command->add_option("key=value", settings);
  command->add_option("-f,--form", form)->check(CLI::IsMember({"tsv", "npz"}));
  command->add_option("--level", level)
      ->transform(CLI::CheckedTransformer(std::map<std::string, int>{{"all", 1}, {"top-n", 2}}));
  command->add_option("--rows", rows);
  command->add_flag("--quiet", quiet);

  const std::string script = BashCompletion(app);
  EXPECT_TRUE(HasLine(script, "_fathom_commands='-h --help score'"));
  EXPECT_TRUE(HasLine(script, "    score) echo '-h --help -f --form --level --rows --quiet' ;;"));
  for (const char* line : {"'score -h' | 'score --help') echo '@flag'", "'score '1) echo '@files'",
                           "'score '[0-9]*) echo '@settings'", "'score --rows') echo '@nothing'",
                           "'score --level') echo 'all top-n'", "'score --quiet') echo '@flag'"})
    EXPECT_TRUE(HasLine(script, std::string("    ") + line + " ;;"));
  // A set has no order.
  EXPECT_TRUE(HasLine(script, "    'score -f' | 'score --form') echo 'tsv npz' ;;") ||
              HasLine(script, "    'score -f' | 'score --form') echo 'npz tsv' ;;"));
}

TEST(BashCompletion, HasTheWordsOfClosedSettings) {
  const std::string script = BashCompletion(CLI::App());
  for (const char* line : {"data.quote) echo 'double none'", "train.shuffle) echo 'true false'",
                           "train.epochs) echo '@nothing'", "output.dir) echo '@files'",
                           "column.*.pooling) echo 'sum mean'"})
    EXPECT_TRUE(HasLine(script, std::string("    ") + line + " ;;"));
}

}  // namespace
}  // namespace fathom
