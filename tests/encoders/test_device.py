import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from searchengine.encoders import device


class Driver:
    """An NVIDIA driver with a number of devices."""

    def __init__(self, devices, status=0):
        self.devices, self.status = devices, status

    def cuInit(self, _flags):  # noqa: N802 - the driver's name
        return self.status

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = self.devices
        return 0


@pytest.fixture(autouse=True)
def fresh():
    device.accelerator.cache_clear()
    yield
    device.accelerator.cache_clear()


@pytest.mark.parametrize(
    ("driver", "found"),
    [(Driver(2), "cuda"), (Driver(0), None), (Driver(1, status=100), None), (None, None)],
    ids=["two GPUs", "none", "a driver without a device", "no driver"],
)
def test_a_gpu_is_found_through_its_driver(monkeypatch, driver, found):
    def load(_name):
        if driver is None:
            raise OSError("no such library")
        return driver

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert device.accelerator() == found


@pytest.mark.parametrize(("machine", "found"), [("arm64", "mps"), ("x86_64", None)])
def test_apple_silicon_is_one(monkeypatch, machine, found):
    monkeypatch.setattr(device, "sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr(device, "platform", SimpleNamespace(machine=lambda: machine))
    assert device.accelerator() == found


def test_looking_for_one_does_not_import_torch():
    look = "import sys; from searchengine.encoders import device; device.accelerator()"
    code = f"{look}; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
