"""Nothing leaves this machine: what libraries would tell of it is switched off before they are imported."""

import os
import subprocess
import sys

SEARCH = """
from searchengine.encoders import load_encoder
load_encoder("builtin").encode_texts(["a dog on a beach"])
import onnxruntime
"""


def test_onnx_runtime_keeps_no_record_of_this_machine(tmp_path):
    # Where a build server says that it is one, ONNX Runtime is silent anyway. Elsewhere it first gives the
    # machine a number, in a file below the home folder.
    quiet = ("CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "TF_BUILD", "BUILD_ID")
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    subprocess.run([sys.executable, "-c", SEARCH], env=environment | {"HOME": str(tmp_path)}, check=True)
    assert [str(file) for file in tmp_path.rglob("*") if "microsoft" in str(file).lower()] == []
