import pytest

from tests.encoders import models


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """Nothing here touches the user's cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("IMGSEARCH_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    return models.write(tmp_path_factory.mktemp("models") / "clip", models.CLIP)


@pytest.fixture(scope="session")
def exported_cache(tmp_path_factory, clip_folder):
    """A cache that holds the export of the model in `clip_folder`. Not to be changed."""
    from searchengine.encoders import load_encoder

    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGSEARCH_CACHE", str(folder))
        load_encoder(str(clip_folder), runtime="onnx")
    return folder


@pytest.fixture
def no_image_graph(monkeypatch):
    """Exports without their image tower, where only texts are asked about: half the time."""
    from searchengine.encoders import export
    from searchengine.encoders.parity import Parity

    monkeypatch.setattr(export, "_export_image", lambda *_: Parity(0.0, 1.0))


@pytest.fixture
def exported(exported_cache, monkeypatch):
    monkeypatch.setenv("IMGSEARCH_CACHE", str(exported_cache))
    return exported_cache
