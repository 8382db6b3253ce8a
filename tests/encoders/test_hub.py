"""Downloads from a stand-in hub, in processes of their own: its client reads its settings at import."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest
from PIL import Image

from tests.encoders import models, stand_in

FETCH = """
import json, sys
from searchengine.encoders import hub
from searchengine.errors import ModelDownloadError
told = []
try:
    path = hub.fetch(sys.argv[1], sys.argv[2].split(","), told.append)
    print(json.dumps({"path": path, "told": told}))
except ModelDownloadError as error:
    print(json.dumps({"error": str(error), "told": told}))
assert "torch" not in sys.modules
"""

KILLED_ONCE_BEGUN = """
import os, pathlib, threading, time

def kill():
    while not [*pathlib.Path(os.environ["HF_HOME"]).rglob("*incomplete*")]:
        time.sleep(0.05)
    os._exit(0)

threading.Thread(target=kill, daemon=True).start()
"""

WEIGHTS = bytes(range(256)) * 4096
CHUNK = 10 * 1024 * 1024  # what the hub's client writes at a time, and so the steps in which it goes on
REPOSITORY = "org/model"
FILES = "open_clip_model.safetensors,open_clip_pytorch_model.bin"
SOON = 45  # s; it takes five, a busy machine's start of Python besides, and open_clip by itself takes 51


@pytest.fixture
def hub():
    with stand_in.running() as running:
        running.files[REPOSITORY, "open_clip_model.safetensors"] = WEIGHTS
        yield running


@pytest.fixture
def client(tmp_path):
    """Runs Python code with arguments against the hub at an address; gives what it printed, as JSON."""

    def run(address, code, *arguments, **environment):
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "HF_HOME": str(tmp_path / "hf"),
            "HF_ENDPOINT": address,
            "IMGSEARCH_CACHE": str(tmp_path / "cache"),
            **environment,
        }
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, *arguments],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    return run


def leftovers(tmp_path):
    return [p for p in (tmp_path / "hf").rglob("*") if p.is_file() and "incomplete" in p.name]


def test_a_file_is_fetched_once_and_progress_is_told(hub, client):
    first = client(hub.address, FETCH, REPOSITORY, FILES)
    with open(first["path"], "rb") as file:
        assert file.read() == WEIGHTS
    assert first["told"][-1] == "Downloading org/model/open_clip_model.safetensors: 1 of 1 MB"
    asked = len(hub.asked)
    second = client(hub.address, FETCH, REPOSITORY, FILES)
    assert second == {"path": first["path"], "told": []}
    assert len(hub.asked) == asked


def test_the_second_name_is_taken_where_there_is_no_first(hub, client):
    hub.files = {(REPOSITORY, "open_clip_pytorch_model.bin"): WEIGHTS}
    assert client(hub.address, FETCH, REPOSITORY, FILES)["path"].endswith("open_clip_pytorch_model.bin")


def test_a_broken_connection_goes_on_where_it_broke(hub, client):
    large = WEIGHTS * 23
    hub.files[REPOSITORY, "open_clip_model.safetensors"] = large
    hub.cut_after = CHUNK + 5_000_000
    fetched = client(hub.address, FETCH, REPOSITORY, FILES)
    with open(fetched["path"], "rb") as file:
        assert file.read() == large
    assert hub.gets("open_clip_model.safetensors") == [None, f"bytes={CHUNK}-"]


def test_a_download_that_breaks_off_for_good_is_an_error_and_the_next_run_completes(hub, client, tmp_path):
    hub.cut_after = len(WEIGHTS) // 2
    error = client(hub.address, FETCH, REPOSITORY, FILES)["error"]
    assert f"The download of open_clip_model.safetensors from {REPOSITORY}" in error
    assert "Run the command again" in error
    assert not leftovers(tmp_path)
    hub.cut_after = None
    fetched = client(hub.address, FETCH, REPOSITORY, FILES)
    with open(fetched["path"], "rb") as file:
        assert file.read() == WEIGHTS


def test_a_download_that_was_killed_starts_again_cleanly(hub, client, tmp_path):
    hub.cut_after = 0
    code = KILLED_ONCE_BEGUN + FETCH
    with pytest.raises(json.JSONDecodeError):  # it said nothing: it was killed
        client(hub.address, code, REPOSITORY, FILES)
    assert leftovers(tmp_path)
    hub.cut_after = None
    fetched = client(hub.address, FETCH, REPOSITORY, FILES)
    with open(fetched["path"], "rb") as file:
        assert file.read() == WEIGHTS


def test_a_repository_that_is_not_there_is_not_called_no_network(hub, client):
    error = client(hub.address, FETCH, "org/other", FILES)["error"]
    assert f"{hub.address} has no org/other" in error
    assert "HF_TOKEN" in error


def test_a_file_that_is_not_there_is_named(hub, client):
    error = client(hub.address, FETCH, REPOSITORY, "a.safetensors,b.bin")["error"]
    assert f"{REPOSITORY} at {hub.address} has no a.safetensors or b.bin" in error


def test_a_server_error_is_told_as_it_is(hub, client):
    hub.files[REPOSITORY, "open_clip_model.safetensors"] = None
    hub.server.RequestHandlerClass.missing = lambda self, _repository: self.send_error(503)
    assert "503" in client(hub.address, FETCH, REPOSITORY, FILES)["error"]


def refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def check_ways_out(error):
    assert "open_clip_model.safetensors of " in error
    for way in ("--model builtin", "--model FOLDER", "HF_ENDPOINT", "works without a network"):
        assert way in error


def test_no_network_is_said_soon_with_the_ways_out(client):
    started = time.monotonic()
    error = client(refused(), FETCH, REPOSITORY, FILES)["error"]
    assert time.monotonic() - started < SOON
    check_ways_out(error)


def test_a_network_that_swallows_everything_is_said_soon(client):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hole:  # takes connections, never answers
        started = time.monotonic()
        error = client(f"http://127.0.0.1:{hole.getsockname()[1]}", FETCH, REPOSITORY, FILES)["error"]
    assert time.monotonic() - started < SOON
    check_ways_out(error)


def test_the_default_model_without_a_network_is_an_error_soon(client):
    code = """
import json, time
from searchengine.encoders import DEFAULT_MODEL, load_encoder
from searchengine.errors import ModelDownloadError
started = time.monotonic()
try:
    load_encoder(DEFAULT_MODEL)
except ModelDownloadError as error:
    print(json.dumps([str(error), time.monotonic() - started]))
"""
    error, seconds = client(refused(), code)
    check_ways_out(error)
    assert "CLIP-ViT-B-32-256x256-DataComp" in error
    assert seconds < SOON


def test_offline_mode_uses_the_cache_and_says_when_it_can_not(hub, client):
    error = client(hub.address, FETCH, REPOSITORY, FILES, HF_HUB_OFFLINE="1")["error"]
    assert "HF_HUB_OFFLINE forbids" in error
    assert hub.asked == []
    fetched = client(hub.address, FETCH, REPOSITORY, FILES)
    assert client(hub.address, FETCH, REPOSITORY, FILES, HF_HUB_OFFLINE="1")["path"] == fetched["path"]


LOAD = """
import json, sys
import open_clip
from open_clip import factory, pretrained
with open(sys.argv[1]) as file:
    config = json.load(file)
factory._MODEL_CONFIGS["tiny"] = config["model_cfg"]
factory._MODEL_CONFIGS["tiny-quickgelu"] = {**config["model_cfg"], "quick_gelu": True}
plain = pretrained._pcfg(hf_hub="org/model/", **config["preprocess_cfg"])
pretrained._PRETRAINED["tiny"] = {"plain": plain, "quick": {**plain, "quick_gelu": True}}

from searchengine.encoders import load_encoder, resolve
from searchengine.errors import ModelError
before = resolve("tiny/plain")
told = []
encoder = load_encoder("tiny/plain", runtime="onnx", on_progress=told.append)
after = resolve("tiny/plain")
try:
    load_encoder("tiny/quick")
except ModelError as error:
    refused = str(error)
import os
import numpy as np
images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
print(json.dumps({
    "texts": encoder.encode_texts(["a dog", "a cat"]).tolist(),
    "images": encoder.encode_images(images).tolist(),
    "before": [before.downloaded, before.download_bytes, before.exported],
    "after": [after.downloaded, after.download_bytes, after.exported],
    "told": told,
    "refused": refused,
    "links": [os.stat(os.path.join(after.path, "weights.safetensors")).st_nlink],
    "weights": encoder.spec.weights,
    "name": encoder.spec.name,
}))
"""

AGAIN = """
import json, sys
from searchengine.encoders import load_encoder
encoder = load_encoder("tiny/plain", runtime="onnx")
texts = encoder.encode_texts(["a dog", "a cat"]).tolist()
heavy = {"torch", "open_clip", "torchvision", "transformers", "huggingface_hub"}
print(json.dumps([texts, sorted(heavy & set(sys.modules))]))
"""

LIBRARY = """
import json, sqlite3, sys
from contextlib import closing
from pathlib import Path
from indexer.update import Update
from searchengine import Library, Text
library, photos = map(Path, sys.argv[1:])
summary = Update(library, model="tiny/plain", precision="int8").run([photos])
with Library.open(library) as opened:
    found = opened.search(Text("a dog"))
with closing(sqlite3.connect(library / "catalog.sqlite3")) as catalog:
    (precision,) = catalog.execute("SELECT precision FROM space").fetchone()
print(json.dumps([summary.outcome, len(found), precision]))
"""


def test_name_and_weights_end_to_end(hub, client, tmp_path):
    """Name, hub, cache, torch, export, answers; then again without any of them."""
    import numpy as np
    import torch
    from open_clip import SimpleTokenizer

    folder = models.write(tmp_path / "tiny", models.CLIP)
    weights = (folder / "open_clip_model.safetensors").read_bytes()
    hub.files[REPOSITORY, "open_clip_model.safetensors"] = weights
    assert len(weights) > CHUNK
    hub.cut_after = CHUNK + 1000

    loaded = client(hub.address, LOAD, str(folder / "open_clip_config.json"))
    assert loaded["before"] == [False, len(weights), False]
    assert loaded["after"] == [True, 0, True]
    assert len(hub.gets("open_clip_model.safetensors")) == 2
    assert any(line.startswith("Downloading org/model/") for line in loaded["told"])
    assert "tiny-quickgelu/quick" in loaded["refused"]
    assert loaded["links"] == [2]  # the hub's blob and the export's: one copy on disk
    assert loaded["name"] == "tiny/plain"

    module = models.module(models.CLIP)
    with torch.inference_mode():
        tokens = SimpleTokenizer(context_length=20)(["a dog", "a cat"])
        expected = module.encode_text(tokens, normalize=True).numpy()
    assert np.allclose(loaded["texts"], expected, atol=1e-5)

    asked = len(hub.asked)
    texts, imported = client(refused(), AGAIN)
    assert imported == []
    assert np.allclose(texts, expected, atol=1e-5)
    assert len(hub.asked) == asked

    for seed in range(3):
        Image.effect_noise((40, 40), 20 * seed + 20).save(tmp_path / f"{seed}.png")
    told = client(refused(), LIBRARY, str(tmp_path / "library"), str(tmp_path))
    assert told == ["done", 3, "int8"]
