"""What a benchmark ran on, in one line."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from searchengine.cores import available_cores

# Commands that are timed keep their bytecode, as an installed program has its: without it a third of a cold
# query's time would go into compiling.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def describe() -> str:
    """Processor, cores this process may use, system and the versions that matter."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = available_cores()
    packages = ", ".join(
        f"{package} {version(package)}" for package in ("onnxruntime", "faiss-cpu", "pillow")
    )
    return f"{name}, {cores} cores, {platform.system()}, Python {platform.python_version()}, {packages}"
