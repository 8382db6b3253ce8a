"""Finding a model's files, with a stand-in hub that this process's own client talks to."""

import json
import os

import pytest
from huggingface_hub import constants

from searchengine.encoders import hub, load_encoder, names, resolve
from searchengine.encoders.locate import locate
from searchengine.errors import ModelDownloadError, ModelError
from tests.encoders import models, stand_in
from tests.encoders.test_tokenizer import word_tokenizer

CONFIG = json.dumps({"model_cfg": models.CLIP, "preprocess_cfg": models.PREPROCESS}).encode()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The hub, asked with an empty cache of its own."""
    with stand_in.running() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.address)
        template = running.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        yield running


@pytest.fixture
def tiny(monkeypatch):
    """Lets open_clip know an architecture, and weights of it."""
    from open_clip import factory, pretrained

    def make(text=None, **entry):
        config = {**models.CLIP, "text_cfg": {**models.TEXT, **(text or {})}}
        monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny", config)
        monkeypatch.setitem(pretrained._PRETRAINED, "tiny", {"plain": pretrained._pcfg(**entry)})
        return names.parse("tiny/plain")

    return make


def words(server, folder):
    """A repository with a tokenizer."""
    folder.mkdir()
    word_tokenizer(folder)
    for file in folder.iterdir():
        server.files["org/words", file.name] = file.read_bytes()


def test_a_repository_on_the_hub_is_a_model_with_its_config(server, clip_folder):
    weights = (clip_folder / "open_clip_model.safetensors").read_bytes()
    server.files = {
        ("org/model", "open_clip_config.json"): CONFIG,
        ("org/model", "open_clip_model.safetensors"): weights,
    }
    before = resolve("hf-hub:org/model")
    assert (before.downloaded, before.download_bytes) == (False, len(weights))
    told = []
    files = locate(names.parse("hf-hub:org/model"), told.append)
    assert files.config["embed_dim"] == models.CLIP["embed_dim"]
    assert files.preprocess == models.PREPROCESS
    assert os.path.dirname(files.weights) == files.folder
    assert told[-1].startswith("Downloading org/model/open_clip_model.safetensors: ")
    after = resolve("hf-hub:org/model")
    assert (after.path, after.download_bytes, after.exported) == (files.weights, 0, False)


def test_an_entry_may_name_its_file_and_safetensors_are_taken_first(server, tiny):
    name = tiny(hf_hub="org/model/pytorch_model.bin")
    server.files["org/model", "pytorch_model.bin"] = b"pickled"
    assert locate(name).weights.endswith("pytorch_model.bin")
    server.files["org/other", "model.bin"] = b"pickled"
    server.files["org/other", "model.safetensors"] = b"safe"
    assert locate(tiny(hf_hub="org/other/model.bin")).weights.endswith("model.safetensors")


def test_weights_that_no_hub_has_are_said_to_be_fetched_by_hand(tiny):
    with pytest.raises(ModelError, match=r"Download them from https://example\.org/weights\.pt"):
        locate(tiny(url="https://example.org/weights.pt"))


def test_a_tokenizer_comes_from_the_repository_that_the_config_names(server, tiny, tmp_path):
    words(server, tmp_path / "words")
    server.files["org/model", "open_clip_model.safetensors"] = b"weights"
    files = locate(tiny({"hf_tokenizer_name": "org/words"}, hf_hub="org/model/"))
    assert {"tokenizer.json", "tokenizer_config.json"} <= set(os.listdir(files.tokenizer))
    asked = len(server.asked)
    assert locate(tiny({"hf_tokenizer_name": "org/words"}, hf_hub="org/model/")) == files
    assert len(server.asked) == asked


def test_a_checkpoint_of_one_s_own_takes_the_architectures_config(tiny, tmp_path):
    tiny()
    path = tmp_path / "weights.pt"
    path.write_bytes(b"none")
    files = locate(names.parse(f"tiny={path}"))
    assert (files.weights, files.folder, files.config["embed_dim"]) == (str(path), "", 48)
    assert resolve(f"tiny={path}").path == str(path)
    with pytest.raises(ModelError, match=r"weights\.pt can't be loaded"):
        load_encoder(f"tiny={path}", runtime="onnx")


def test_what_breaks_off_is_named_with_the_ways_out(server, monkeypatch):
    server.files["org/model", "open_clip_config.json"] = CONFIG

    def breaks(*_args, **_options):
        raise ConnectionResetError("reset by peer\nmore")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", breaks)
    with pytest.raises(
        ModelDownloadError, match=r"broke off: reset by peer\. Run the command again\. .*builtin"
    ):
        hub.fetch("org/model", ("open_clip_config.json",))


def test_an_answer_that_takes_too_long_is_not_waited_for(server, monkeypatch):
    import threading

    never = threading.Event()
    monkeypatch.setattr(hub, "_ANSWER_LIMIT_SECONDS", 0.05)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_args, **_options: never.wait(5))
    with pytest.raises(ModelDownloadError, match="no answer within"):
        hub.fetch("org/model", ("open_clip_config.json",))
    assert hub.size("org/model", ("open_clip_config.json",)) is None
    never.set()


@pytest.mark.parametrize(
    ("repository", "said"), [("org/other", "has no org/other"), ("org/model", "has no a or b")]
)
def test_what_is_not_there_is_told_from_what_can_not_be_asked(server, repository, said):
    server.files["org/model", "open_clip_config.json"] = CONFIG
    with pytest.raises(ModelDownloadError, match=said):
        hub.fetch(repository, ("a", "b"))
