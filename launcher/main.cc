#include <cstdio>
#include <exception>

#include "common/error.h"
#include "launcher/command_line.h"
#include "launcher/mpi_session.h"

namespace {

void Say(const fathom::MpiSession& mpi, const char* what) {
  if (mpi.ranks() > 1) {
    std::fprintf(stderr, "fathom: rank %d on %s: %s\n", mpi.rank(), mpi.host().c_str(), what);
  } else {
    std::fprintf(stderr, "fathom: %s\n", what);
  }
}

}  // namespace

int main(int argc, char** argv) {
  fathom::MpiSession mpi(&argc, &argv);
  try {
    const int exit_code = fathom::RunCommandLine(argc, argv, mpi);
    mpi.Finish();
    return exit_code;
  } catch (const fathom::Error& error) {
    Say(mpi, error.what());
    mpi.Abort(static_cast<int>(error.code()));
  } catch (const std::exception& error) {
    Say(mpi, error.what());
    mpi.Abort(static_cast<int>(fathom::ExitCode::kTraining));
  }
}
