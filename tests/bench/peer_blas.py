#!/usr/bin/env python3
"""Which BLAS the PyTorch of this interpreter really calls: what it has loaded, not what is installed.

Prints KIND, PATH and for OpenBLAS the processor it makes its kernels for. KIND is openblas, mkl,
reference (slow: a comparison with it would be unfair) or unknown. Fails where torch cannot be imported.
"""
import ctypes
import os
import re

import numpy  # noqa: F401  torch is used together with it, and both may load a BLAS
import torch  # noqa: F401

KINDS = [("openblas", r"/libopenblas[^/]*$"), ("mkl", r"/libmkl[^/]*$"), ("reference", r"/libblas[^/]*$")]


def loaded_libraries():
    with open("/proc/self/maps") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if len(line.split()) > 5}
    return sorted(os.path.realpath(path) for path in paths if path.startswith("/"))


def kernels(library):
    try:
        core_name = ctypes.CDLL(library).openblas_get_corename
    except (OSError, AttributeError):
        return ""
    core_name.restype = ctypes.c_char_p
    return core_name().decode()


def main():
    libraries = loaded_libraries()
    for kind, pattern in KINDS:
        for library in libraries:
            if re.search(pattern, library):
                print(kind, library, kernels(library))
                return
    print("unknown", torch.__file__)


if __name__ == "__main__":
    main()
