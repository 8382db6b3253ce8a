import os

import pytest

from searchengine.encoders.names import parse
from searchengine.errors import ModelNotFoundError


@pytest.mark.parametrize(
    ("name", "kind", "architecture", "detail"),
    [
        ("builtin", "builtin", "", ""),
        ("hf-hub:laion/CLIP-ViT", "hub", "", "laion/CLIP-ViT"),
        ("ViT-B-32-256/datacomp_s34b_b86k", "pretrained", "ViT-B-32-256", "datacomp_s34b_b86k"),
        ("ViT-B/32/openai", "pretrained", "ViT-B-32", "openai"),
    ],
)
def test_a_name_is_taken_apart(name, kind, architecture, detail):
    parsed = parse(name)
    assert (parsed.kind, parsed.architecture, parsed.detail, parsed.text) == (
        kind,
        architecture,
        detail,
        name,
    )


def test_a_folder_with_a_model_comes_before_name_and_weights(tmp_path, monkeypatch):
    folder = tmp_path / "ViT-B-32" / "openai"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse("ViT-B-32/openai").kind == "pretrained"
    (folder / "open_clip_config.json").write_text("{}")
    parsed = parse("ViT-B-32/openai")
    assert (parsed.kind, parsed.text) == ("folder", str(folder))


def test_paths_are_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "weights.pt").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    parsed = parse("ViT-B-32=weights.pt")
    assert parsed.text == f"ViT-B-32={tmp_path / 'weights.pt'}"
    assert os.path.isabs(parsed.detail)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is not a model"),
        ("ViT-B-32", "a name and a set of weights"),
        ("ViT-B-32-256:datacomp_s34b_b86k", "Did you mean ViT-B-32-256/datacomp_s34b_b86k"),
        ("./nowhere/model", "is not a model"),
        ("/nowhere/model", "is not a model"),
        ("ViT-B-32=/nowhere/weights.pt", "no file"),
        ("=weights.pt", "no checkpoint"),
        ("hf-hub:laion", "hf-hub:ORGANISATION/NAME"),
    ],
)
def test_what_is_no_model_is_said_with_what_to_write(name, said):
    with pytest.raises(ModelNotFoundError, match=said):
        parse(name)


def test_a_folder_without_a_config_is_named(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"open_clip_config\.json is missing"):
        parse(str(tmp_path))
