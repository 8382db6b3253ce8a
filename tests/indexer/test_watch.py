"""Following folders: real files, the real watcher, the real catalog."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from indexer import lock
from indexer.update import Update
from indexer.upkeep.forget import forget
from indexer.watching import changes, watch
from indexer.watching.watch import Watch
from searchengine.catalog import images, report
from searchengine.catalog.catalog import Catalog
from searchengine.errors import ImgsearchError, UsageError
from tests.indexer.in_process import InProcessPool
from tests.pictures import paint

PATIENCE = 120  # s


class Watched:
    """A watch in a thread, and what it did so far.

    Attributes:
        runs: The folders that were indexed and the summary, one a run.
        words: What it told.
        error: What it ended with.
    """

    def __init__(self, library, folders):
        self.runs = queue.Queue()
        self.words = []
        self.error = None
        self.loads = set()
        self._library = library
        self._looked_at = []
        self._stop = threading.Event()
        self._watch = Watch(
            library, self.index, on_summary=self.done, tell=self.words.append, stop=self._stop
        )
        self._thread = threading.Thread(target=self.follow, args=(folders,))
        self._thread.start()

    def follow(self, folders):
        try:
            self._watch.run(folders)
        except ImgsearchError as error:
            self.error = error

    def index(self, folders, encoder):
        update = Update(self._library, encoder=encoder)
        self._looked_at = folders
        summary = update.run(folders)
        self.loads.add(id(update.encoder))
        return summary, update.encoder

    def done(self, summary):
        self.runs.put((self._looked_at, summary))

    def next(self, **counts):
        """Wait for runs until their counts add up to these; the folders that they looked at."""
        looked_at = set()
        end = time.monotonic() + PATIENCE
        while any(counts.values()):
            folders, summary = self.runs.get(timeout=max(0.1, end - time.monotonic()))
            looked_at.update(folders)
            for name in counts:
                counts[name] -= getattr(summary, name)
            assert all(count >= 0 for count in counts.values()), (summary, counts)
        return {os.fsdecode(folder) for folder in looked_at}

    def is_idle(self, seconds=0.6):
        try:
            self.runs.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def end(self):
        self._stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def follow(library, encoder, monkeypatch):
    """Begin to watch folders."""
    monkeypatch.setattr("indexer.decoding.decode.DecodePool", InProcessPool)
    monkeypatch.setattr(watch, "QUIET_MS", 60)
    monkeypatch.setattr(watch, "TICK_MS", 100)
    begun = []

    def begin(*folders):
        begun.append(Watched(library, folders))
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


@pytest.fixture
def arrive(tmp_path_factory):
    """Lets a picture come in one move: one that is written where it belongs has several events."""
    aside = tmp_path_factory.mktemp("aside")
    return lambda path, seed: paint(aside / path.name, seed).rename(path)


def eventually(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def files(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        found = images.images(session, range(1, 500))
        return {os.fsdecode(file.path): file.missing for image in found.values() for file in image.files}


def test_what_changes_is_followed_and_only_its_folder_looked_at(follow, photos, library, encoder, arrive):
    watched = follow(photos)
    assert watched.next(added=3) == {str(photos)}
    arrive(photos / "trip" / "d.jpg", 4)
    assert watched.next(added=1) == {str(photos / "trip")}
    arrive(photos / "trip" / "d.jpg", 5)
    assert watched.next(updated=1) == {str(photos / "trip")}
    (photos / "trip" / "d.jpg").rename(photos / "trip" / "e.jpg")
    assert watched.next(moved=1) == {str(photos / "trip")}
    (photos / "trip" / "e.jpg").unlink()
    assert watched.next(removed=1) == {str(photos / "trip")}
    assert set(files(library)) == {str(photos / name) for name in ("a.jpg", "b.png", "trip/c.jpg")}
    assert encoder.images == 5


def test_a_move_between_folders_is_a_move(follow, photos, tmp_path, encoder, arrive):
    other = tmp_path / "other"
    other.mkdir()
    watched = follow(photos, other)
    watched.next(added=3)
    (photos / "trip" / "c.jpg").rename(other / "c.jpg")
    watched.next(moved=1)
    (photos / "trip").rename(photos / "journey")
    arrive(photos / "journey" / "new.jpg", 8)
    watched.next(added=1)
    assert encoder.images == 4


def test_a_folder_that_comes_and_goes_is_followed_with_all_that_is_in_it(follow, photos, tmp_path, library):
    watched = follow(photos)
    watched.next(added=3)
    for seed in range(5):
        paint(tmp_path / "aside" / "deep" / f"{seed}.jpg", 10 + seed)
    (tmp_path / "aside").rename(photos / "new")
    watched.next(added=5)
    shutil.rmtree(photos / "new")
    watched.next(removed=5)
    assert len(files(library)) == 3


def test_a_burst_is_one_run_and_the_model_is_loaded_once(follow, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "QUIET_MS", 1000)
    watched = follow(photos)
    watched.next(added=3)
    for seed in range(30):
        paint(tmp_path / "aside" / f"{seed}.jpg", 100 + seed)
    for file in (tmp_path / "aside").iterdir():  # quicker than any pause
        file.rename(photos / "trip" / file.name)
    _, summary = watched.runs.get(timeout=PATIENCE)
    assert summary.added == 30
    assert len(watched.loads) == 1


def test_what_is_hidden_excluded_or_no_picture_wakes_nobody(follow, photos):
    watched = follow(photos)
    watched.next(added=3)
    (photos / "notes.txt").write_text("written all day")
    (photos / "photos.db-journal").touch()
    (photos / "photos.db-journal").unlink()
    paint(photos / ".hidden" / "x.jpg", 7)
    paint(photos / ".x.jpg", 7)
    assert watched.is_idle()


def test_a_library_in_its_own_folder_does_not_wake_itself(photos, follow, tmp_path, arrive):
    paint(tmp_path / "library" / "beside.jpg", 9)
    watched = follow(tmp_path)
    watched.next(added=4)
    assert watched.is_idle()
    arrive(photos / "d.jpg", 4)
    watched.next(added=1)
    assert watched.is_idle()


def test_a_name_that_the_watcher_cannot_tell_is_found_all_the_same(follow, photos, library, arrive):
    watched = follow(photos)
    watched.next(added=3)
    arrive(photos / os.fsdecode(b"\xff.jpg"), 4)
    watched.next(added=1)
    arrive(photos / "e.jpg", 5)
    watched.next(added=1)
    assert os.fsdecode(os.fsencode(photos) + b"/\xff.jpg") in files(library)


def test_so_much_at_once_that_some_may_be_lost_has_everything_looked_at(
    follow, photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(changes, "OVERFLOW", 5)
    monkeypatch.setattr(watch, "QUIET_MS", 1000)
    watched = follow(photos)
    watched.next(added=3)
    for seed in range(12):
        paint(tmp_path / "aside" / f"{seed}.jpg", 100 + seed)
    for file in (tmp_path / "aside").iterdir():
        file.rename(photos / "trip" / file.name)
    assert str(photos) in watched.next(added=12)


def test_everything_is_looked_at_from_time_to_time(follow, photos, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_AGAIN", 0.3)
    watched = follow(photos)
    watched.next(added=3)
    folders, summary = watched.runs.get(timeout=PATIENCE)
    assert (folders, summary.unchanged) == ([os.fsencode(photos)], 3)


def test_a_disk_may_go_and_come_back(follow, tmp_path, photos, encoder, arrive):
    library, disk = tmp_path / "library", tmp_path / "disk"
    paint(disk / "x.jpg", 20)
    watched = follow(photos, disk)
    watched.next(added=4)
    disk.rename(tmp_path / "unplugged")
    watched.next(missing=1)
    arrive(photos / "d.jpg", 21)
    watched.next(added=1)
    assert files(library)[str(disk / "x.jpg")]
    (tmp_path / "unplugged").rename(disk)
    eventually(lambda: not files(library)[str(disk / "x.jpg")])
    arrive(disk / "y.jpg", 22)
    watched.next(added=1)
    assert encoder.images == 6


def test_polling_finds_the_same_changes(follow, photos, monkeypatch, arrive):
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "50")
    watched = follow(photos)
    watched.next(added=3)
    arrive(photos / "trip" / "d.jpg", 4)
    watched.next(added=1)
    (photos / "a.jpg").unlink()
    watched.next(removed=1)


def test_a_network_share_is_polled_and_that_is_said(follow, photos, monkeypatch, arrive):
    monkeypatch.setattr(watch, "network_share", lambda folder: "nfs4")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "50")
    watched = follow(photos)
    watched.next(added=3)
    assert watched._watch._poll
    (words,) = watched.words
    assert words.startswith(f"{photos} is on a network share (nfs4)")
    assert words.endswith("it is looked through every 0.05 s")
    arrive(photos / "d.jpg", 4)
    watched.next(added=1)


def test_where_the_system_cannot_watch_folders_are_polled(follow, photos, monkeypatch):
    asked = []

    def refuse(*folders, force_polling=None, **options):
        asked.append(force_polling)
        raise OSError(28, "No space left on device")
        yield

    monkeypatch.setattr("watchfiles.watch", refuse)
    watched = follow(photos)
    watched._thread.join(PATIENCE)
    assert asked == [None, True]
    assert "fs.inotify.max_user_watches" in watched.words[0]
    assert "can't be watched" in str(watched.error)


def test_while_another_one_changes_the_library_it_waits(follow, photos, library, monkeypatch, arrive):
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    watched = follow(photos)
    watched.next(added=3)
    with lock.writing(library, "imgsearch optimize"):
        arrive(photos / "d.jpg", 4)
        eventually(lambda: watched.words)
        assert "Trying again" in watched.words[0]
    watched.next(added=1)


def test_what_was_forgotten_comes_back_when_its_folder_is_looked_at_again(follow, photos, library, arrive):
    watched = follow(photos)
    watched.next(added=3)
    forget(library, [photos / "trip"])
    assert watched.is_idle()
    arrive(photos / "trip" / "d.jpg", 4)
    assert watched.next(added=2) == {str(photos / "trip")}


def test_a_file_or_nothing_at_all_cannot_be_watched(library, photos):
    nobody = Watch(library, lambda *_: None, on_summary=print, tell=print)
    with pytest.raises(UsageError, match="watch the folder that it is in"):
        nobody.run([photos / "a.jpg"])
    with pytest.raises(UsageError, match="there is no folder"):
        nobody.run([photos / "nothing"])
    assert not library.exists()


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_ctrl_c_ends_it_with_130_and_what_was_done_is_kept(photos, library):
    command = [sys.executable, "-m", "searchengine", "--library", str(library)]
    watching = subprocess.Popen(
        [*command, "watch", str(photos), "--model", "builtin"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ": 3 added" in watching.stdout.readline()
    paint(photos / "d.jpg", 4)
    assert ": 1 added" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=PATIENCE)
    assert watching.returncode == 130
    assert "Traceback" not in errors
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        assert report.counts(session).images == 4
