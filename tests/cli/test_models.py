from __future__ import annotations

import json

import pytest
from rich.console import Console

from searchengine.cli.models import models_table
from searchengine.cli.table import rendered
from searchengine.encoders.registry import MODELS


def test_the_table_has_every_model_and_marks_the_default(imgsearch):
    done = imgsearch("models")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["model", "dim", "download", "R@1", "licence", "note"]
    assert [line.split()[0] for line in lines[1:]] == [model.name for model in MODELS]
    assert [line.split()[0] for line in lines if " * " in line] == [m.name for m in MODELS if m.default]
    assert "* is what a new library gets" in done.stderr


def test_the_built_in_model_is_here_and_what_nobody_fetched_is_not(imgsearch_process, tmp_path):
    env = {"HF_HUB_CACHE": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    values = {row["name"]: row for row in json.loads(imgsearch_process("models", "--json", env=env).stdout)}
    assert values["builtin"]["downloaded"] is True
    assert not any(row["downloaded"] for row in values.values() if row["name"] != "builtin")
    (default,) = [row for row in values.values() if row["default"]]
    assert default["licence"] == "MIT"
    assert default["recall"] == {"1": 39.9, "5": 65.4, "10": 75.2}
    assert {"name", "dim", "image_parameters", "input_size", "download_bytes", "note"} <= set(default)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_gets_the_columns_that_matter_most(width):
    table = models_table([(model, False) for model in MODELS], notes=width >= 100, licences=width >= 72)
    text = rendered(table, on=Console(width=width, force_terminal=False))
    assert max(map(len, text.splitlines())) <= width
    for model in MODELS:
        assert model.name in text


def test_listing_models_imports_none_of_their_libraries(imgsearch_process):
    done = imgsearch_process("models", python=("-X", "importtime"))
    assert done.returncode == 0
    loaded = {
        line.rpartition(b"|")[2].strip().decode().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert loaded.isdisjoint({"torch", "torchvision", "open_clip", "timm", "onnxruntime", "faiss"})
