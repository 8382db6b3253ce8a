"""Whether there is an accelerator, found out without importing torch."""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache
from typing import Literal

Accelerator = Literal["cuda", "mps"]


@cache
def accelerator() -> Accelerator | None:
    """What torch could run on besides the CPU, if anything: an NVIDIA GPU, or Apple silicon's own."""
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else None
    return "cuda" if _cuda_devices() > 0 else None


def _cuda_devices() -> int:
    """GPUs that the NVIDIA driver offers this process (CUDA_VISIBLE_DEVICES heeded); 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
