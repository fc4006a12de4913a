# A build for AArch64 by Debian's g++-aarch64-linux-gnu, with the arm64 packages that aarch64_sysroot.sh has
# unpacked in AARCH64_SYSROOT.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES AARCH64_SYSROOT)
set(CMAKE_SYSROOT ${AARCH64_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# The sysroot's mpicc is itself a program for AArch64 and cannot be asked.
set(openmpi ${AARCH64_SYSROOT}/usr/lib/aarch64-linux-gnu/openmpi)
set(MPI_C_COMPILER MPI_C_COMPILER-NOTFOUND)
set(MPI_C_HEADER_DIR ${openmpi}/include)
set(MPI_C_LIB_NAMES mpi)
set(MPI_mpi_LIBRARY ${openmpi}/lib/libmpi.so)
