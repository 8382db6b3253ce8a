"""A library changes its model: the old one answers until the new one knows every picture."""

from __future__ import annotations

import json
import os
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.lock import writing
from indexer.model import RunModel
from indexer.pipeline import again
from indexer.switching.switch import LOCK, Switch, drop_old
from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine.answering.ranking import Ranking
from searchengine.catalog import report, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.cli import program
from searchengine.errors import LibraryBusyError, LibraryError, LibraryNotFoundError, UsageError
from searchengine.library import Library
from searchengine.vectors.live import LiveIndex
from searchengine.verify.library import verify
from tests.indexer.conftest import CountingEncoder
from tests.pictures import paint


class OtherEncoder(CountingEncoder):
    """Embeds a picture as its 4 x 4 thumbnail."""

    spec = replace(CountingEncoder.spec, name="other", weights="1" * 64, dim=48)
    after = None

    def encode_images(self, pixels):
        self.images += len(pixels)
        if self.after:
            self.after()
        small = pixels.reshape(len(pixels), 4, 4, 4, 4, 3).mean(axis=(2, 4)).reshape(len(pixels), -1)
        vectors = small.astype(np.float32) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def other(monkeypatch, encoder):
    """The stand-in to switch to; the indexer takes the one that the library's space names."""
    other = OtherEncoder()
    by_name = {"other": other, "counting": encoder}
    monkeypatch.setattr(Switch, "_load_encoder", lambda self: by_name[self._model])
    monkeypatch.setattr(RunModel, "_open", lambda self, space: by_name[space.spec.name] if space else encoder)
    return other


@pytest.fixture
def switch(library, other):
    def run(model="other", **options):
        return Switch(library, model, **options).run()

    return run


def answering(library):
    """The model that answers, and how many pictures it finds."""
    with Catalog.open(library / "catalog.sqlite3") as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        return space.spec.name, len(LiveIndex(EmbeddingSource(catalog, space), library / "vectors"))


def states(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        return {space.spec.name: space.state for space in spaces.all_spaces(session)}


def test_afterwards_the_new_model_answers_and_the_old_one_is_kept(index, photos, library, other, switch):
    shutil.copy(photos / "a.jpg", photos / "copy.jpg")
    index(photos)
    done = switch()
    assert (done.model, done.before, done.embedded, done.left_out) == ("other", "counting", 3, 0)
    assert answering(library) == ("other", 3)
    assert states(library) == {"counting": "retired", "other": "active"}
    assert other.images == 3
    assert verify(library).sound


def test_the_indexer_goes_on_with_the_new_model(index, photos, switch, other, encoder):
    index(photos)
    switch()
    paint(photos / "new.jpg", 77)
    assert index(photos).added == 1
    assert (encoder.images, other.images) == (3, 4)


def test_switching_back_embeds_only_what_came_in_meanwhile(index, photos, library, switch, encoder):
    index(photos)
    switch()
    paint(photos / "new.jpg", 77)
    index(photos)
    assert switch("counting").embedded == 1
    assert encoder.images == 4
    assert answering(library) == ("counting", 4)
    assert states(library) == {"counting": "active", "other": "retired"}


def test_switching_to_the_model_there_is_does_nothing(index, photos, switch, encoder):
    index(photos)
    done = switch("counting")
    assert (done.model, done.before, done.embedded) == ("counting", "counting", 0)
    assert encoder.images == 3


def test_one_that_was_stopped_goes_on_where_it_was(index, photos, library, other, switch):
    for seed in range(70):
        paint(photos / f"{seed}.jpg", 100 + seed)
    index(photos)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    other.after = stop
    done = switch()
    assert done.outcome == "interrupted"
    assert done.embedded == 32
    assert answering(library) == ("counting", 73)
    assert states(library)["other"] == "building"
    assert verify(library).sound
    other.after = None
    assert switch().embedded == 41
    assert answering(library) == ("other", 73)


def test_what_is_indexed_and_forgotten_meanwhile_is_there_and_gone(index, photos, library, other, switch):
    index(photos)

    def meanwhile():
        other.after = None
        paint(photos / "meanwhile.jpg", 55)
        index(photos)
        forget(library, [photos / "trip"])

    other.after = meanwhile
    assert switch().model == "other"
    assert answering(library) == ("other", 3)
    assert verify(library).sound


def test_it_waits_for_an_indexer_and_catches_up(index, photos, library, switch, monkeypatch):
    monkeypatch.setattr("indexer.lock.PATIENCE", 0.1)
    index(photos)
    waiting, said = threading.Event(), []

    def on_progress(progress):
        said.append(progress.stage)
        if "waiting" in progress.stage:
            waiting.set()

    with writing(library, "imgsearch index"):
        thread = threading.Thread(target=switch, kwargs={"on_progress": on_progress})
        thread.start()
        assert waiting.wait(120)
        assert answering(library) == ("counting", 3)
    thread.join()
    assert answering(library) == ("other", 3)
    assert any("imgsearch index" in stage for stage in said)


def test_a_copy_is_read_when_the_first_file_can_not_be(index, photos, library, other, switch):
    shutil.copy(photos / "a.jpg", photos / "z.jpg")
    index(photos)
    (photos / "a.jpg").write_bytes(b"no picture")
    assert switch().left_out == 0
    assert answering(library) == ("other", 3)


def test_pictures_that_can_not_be_read_are_left_out_until_they_can(index, photos, library, other, switch):
    index(photos)
    (photos / "trip").rename(photos.parent / "away")
    done = switch()
    assert done.left_out == 1
    assert answering(library) == ("other", 2)
    assert verify(library).sound
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        (failure,) = report.failures(session)
        assert failure.path == os.fsencode(photos / "trip" / "c.jpg")
        assert "couldn't be read when the library was switched to other; index its folder" in failure.error
    (photos.parent / "away").rename(photos / "trip")
    index(photos)
    assert answering(library) == ("other", 3)
    assert verify(library).sound


def test_a_missing_disk_does_not_empty_the_library(index, photos, library, other, switch):
    disk = photos.parent / "disk"
    for seed in range(25):
        paint(disk / f"{seed}.jpg", 100 + seed)
    index(photos, disk)
    disk.rename(photos.parent / "unplugged")
    with pytest.raises(LibraryError, match=r"25 of 28 pictures can't be read now .*--leave-out"):
        switch()
    assert answering(library) == ("counting", 28)
    assert switch(leave_out=True).left_out == 25
    assert answering(library) == ("other", 3)
    (photos.parent / "unplugged").rename(disk)
    index(disk)
    assert answering(library) == ("other", 28)


def test_a_file_that_changed_since_is_not_taken_for_what_it_was(index, photos, library, other, switch):
    index(photos)
    paint(photos / "a.jpg", 99)
    assert switch().left_out == 1
    index(photos)
    assert answering(library) == ("other", 3)
    assert verify(library).sound


def test_old_embeddings_are_dropped_when_told_to(index, photos, library, other, switch):
    index(photos)
    switch()
    assert len(list((library / "vectors").glob("*.faiss"))) == 2
    assert [space.spec.name for space in drop_old(library)] == ["counting"]
    assert states(library) == {"other": "active"}
    assert len(list((library / "vectors").iterdir())) == 2
    assert drop_old(library) == []
    assert verify(library).sound


def test_two_switches_wait_for_each_other(index, photos, library, switch, monkeypatch):
    monkeypatch.setattr("indexer.lock.PATIENCE", 0)
    index(photos)
    with writing(library, "imgsearch switch-model", name=LOCK):
        with pytest.raises(LibraryBusyError, match="switch-model"):
            switch()
        with pytest.raises(LibraryBusyError, match="switch-model"):
            drop_old(library)
        index(photos)  # the indexer doesn't


def test_there_must_be_something_to_switch(library, switch, tmp_path):
    with pytest.raises(LibraryNotFoundError):
        switch()
    Update(library).run([tmp_path])
    with pytest.raises(UsageError, match="nothing is indexed"):
        switch()


def test_many_are_looked_up_a_slice_at_a_time(index, photos, switch, monkeypatch):
    monkeypatch.setattr("indexer.switching.switch.SLICE", 2)
    looked_up = []
    jobs = again.Work._jobs
    monkeypatch.setattr(
        again.Work, "_jobs", lambda self, ids: (looked_up.append(len(ids)), jobs(self, ids))[1]
    )
    index(photos)
    assert switch().embedded == 3
    assert looked_up == [2, 1]


def test_an_open_library_follows_the_switch(index, photos, library, switch):
    index(photos)
    with Library.open(library) as opened:
        before = opened.search("type:jpg|png")
        assert (before.space, len(before)) == ("counting", 3)
        switch()
        drop_old(library)
        after = opened.search("type:jpg|png")
        assert (after.space, len(after)) == ("other", 3)
        assert {hit.id for hit in after} == {hit.id for hit in before}
        status = opened.status()
        assert [(space.model, space.state) for space in status.spaces] == [("other", "active")]
        assert status.to_dict()["spaces"][0]["embeddings"] == 3


def test_a_search_that_is_overtaken_by_switch_and_drop_starts_again(
    index, photos, library, switch, monkeypatch
):
    index(photos)
    answer = Ranking.answer
    calls = []

    def overtaken(self, *arguments, **more):
        calls.append(self.space.name)
        if len(calls) == 1:
            switch()
            drop_old(library)
        return answer(self, *arguments, **more)

    with Library.open(library) as opened:
        opened.search("type:jpg|png")
        monkeypatch.setattr(Ranking, "answer", overtaken)
        after = opened.search("type:jpg|png")
    assert calls == ["counting", "other"]
    assert (after.space, len(after)) == ("other", 3)


def test_status_tells_of_a_space_that_is_being_built(index, photos, library, other, switch):
    index(photos)

    def stop():
        raise KeyboardInterrupt

    other.after = stop
    switch()
    with Library.open(library) as opened:
        spaces = opened.status().spaces
    assert [(space.model, space.state, space.embeddings) for space in spaces] == [
        ("counting", "active", 3),
        ("other", "building", 0),
    ]
    assert spaces[0].bytes > 3 * 2 * 192


@pytest.fixture
def imgsearch(library, other):
    def run(*words, code=0):
        result = CliRunner().invoke(program, ["--library", str(library), *map(str, words)])
        assert result.exit_code == code, result.output
        return result

    return run


def test_the_command_says_what_it_did_and_how_to_drop_the_old(imgsearch, index, photos):
    index(photos)
    said = imgsearch("switch-model", "other").stdout
    assert "other answers now instead of counting: 3 pictures embedded in" in said
    assert "imgsearch switch-model --drop-old" in said
    assert "is the library's model already" in imgsearch("switch-model", "other").stdout
    assert "Dropped the embeddings of counting." in imgsearch("switch-model", "--drop-old").stdout
    assert "no other embeddings" in imgsearch("switch-model", "--drop-old").stdout
    assert imgsearch("switch-model", "other", "--quiet").output == ""
    assert "name the model" in imgsearch("switch-model", code=2).stderr


def test_the_command_in_json_and_its_exit_codes(imgsearch, index, photos, other):
    index(photos)
    (photos / "a.jpg").unlink()
    left = imgsearch("switch-model", "other", "--drop-old", "--json", code=3)
    said = json.loads(left.stdout)
    assert (said["model"], said["left_out"], said["dropped"]) == ("other", 1, ["counting"])
    assert "1 picture couldn't be read" in left.stderr


def test_an_interrupted_command_exits_130(imgsearch, index, photos, other):
    index(photos)

    def stop():
        raise KeyboardInterrupt

    other.after = stop
    stopped = imgsearch("switch-model", "other", "--drop-old", code=130)
    assert "Until then counting answers" in stopped.stdout
