import open_clip
import pytest

from searchengine.encoders import DEFAULT_MODEL
from searchengine.encoders.files import WEIGHTS_FILES
from searchengine.encoders.names import parse
from searchengine.encoders.registry import MODELS, downloaded, known

PRETRAINED = [model for model in MODELS if parse(model.name).kind == "pretrained"]


@pytest.mark.parametrize("model", PRETRAINED, ids=lambda model: model.name)
def test_every_row_is_what_open_clip_has_under_its_name(model):
    name = parse(model.name)
    config = open_clip.get_model_config(name.architecture)
    entry = open_clip.get_pretrained_cfg(name.architecture, name.detail)
    assert entry["hf_hub"] == f"{model.repository}/"
    assert config["embed_dim"] == model.dim
    assert config["vision_cfg"]["image_size"] == model.input_size
    assert bool(config.get("quick_gelu")) is bool(entry.get("quick_gelu"))


def test_one_row_is_the_default():
    assert [model.name for model in MODELS if model.default] == [DEFAULT_MODEL]
    assert known(DEFAULT_MODEL).default
    assert known("no such model") is None


def test_the_builtin_model_is_always_here(monkeypatch, tmp_path):
    monkeypatch.setattr("searchengine.encoders.hub.cached", lambda *_: None)
    assert [model.name for model in MODELS if downloaded(model)] == ["builtin"]


def test_a_file_in_the_hubs_cache_counts_as_downloaded(monkeypatch):
    asked = []
    monkeypatch.setattr("searchengine.encoders.hub.cached", lambda *args: asked.append(args) or "path")
    assert downloaded(known(DEFAULT_MODEL))
    assert asked == [("laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K", WEIGHTS_FILES)]
