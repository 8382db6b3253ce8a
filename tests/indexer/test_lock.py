"""One writer at a time: a second one waits a moment and says who is in its way; a dead one is in nobody's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from indexer import lock
from indexer.lock import writing
from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine.errors import LibraryBusyError, LibraryError, LibraryNotFoundError
from searchengine.holder import Holder, holder
from tests.disks import mounted

HOLDER = """
    import sys, time
    from pathlib import Path
    from indexer.lock import writing
    with writing(Path(sys.argv[1]), "imgsearch index"):
        print("held", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def other(folder):
    """Another process that holds the lock until it is killed."""
    code = "\n".join(line[4:] for line in HOLDER.splitlines())
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


def test_a_second_one_is_told_who_is_in_its_way(folder, other):
    start = time.monotonic()
    with pytest.raises(LibraryBusyError) as caught, writing(folder, "imgsearch forget", patience=0.3):
        pass
    assert 0.3 <= time.monotonic() - start < 60
    message = str(caught.value)
    assert f"`imgsearch index` (process {other.pid} on {socket.gethostname()}, since 20" in message
    assert f"kill -INT {other.pid}" in message or os.name == "nt"


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_one_that_was_killed_is_in_nobody_s_way(folder, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holder(folder).pid == other.pid  # its name is still there
    with writing(folder, "imgsearch index", patience=0):
        assert holder(folder).pid == os.getpid()


def test_the_second_goes_on_as_soon_as_the_first_is_done(folder):
    with writing(folder, "one"):
        done = threading.Event()

        def second():
            with writing(folder, "two"):
                done.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.3)
    thread.join()
    assert done.is_set()
    assert holder(folder) is None


def test_an_error_lets_go_of_it(folder):
    with pytest.raises(KeyError), writing(folder, "one"):
        raise KeyError
    with writing(folder, "two", patience=0):
        pass


def test_locks_of_different_names_are_different_locks(folder):
    with writing(folder, "one"), writing(folder, "two", name="other.lock", patience=0):
        pass


def test_a_process_in_its_own_way_is_told_so(folder):
    with (
        writing(folder, "one"),
        pytest.raises(LibraryBusyError, match="this very process"),
        writing(folder, "two", patience=0),
    ):
        pass


def test_a_holder_elsewhere_is_stopped_there():
    far = Holder(1, "other-machine", "2026-01-01T00:00:00+00:00", "imgsearch index")
    assert "stop it on other-machine" in far.remedy()


def test_a_folder_that_is_not_there_is_no_library(folder):
    with pytest.raises(LibraryNotFoundError, match="index FOLDER"), writing(folder / "nowhere", "one"):
        pass


def test_a_read_only_disk_is_named(tmp_path):
    with mounted(tmp_path / "disk") as disk:
        disk.freeze()
        with pytest.raises(LibraryError, match="disk is read-only; it can be searched"):  # noqa: SIM117
            with writing(disk.folder, "one"):
                pass


def test_a_lock_that_can_not_be_signed_holds_all_the_same(tmp_path):
    with mounted(tmp_path / "disk") as disk:
        (disk.folder / "writer.lock").touch()
        disk.fill()
        with writing(disk.folder, "one"):
            assert holder(disk.folder) is None
            with (
                pytest.raises(LibraryBusyError, match="another process is changing"),
                writing(disk.folder, "two", patience=0),
            ):
                pass


def test_an_indexer_and_a_forgetter_wait_for_each_other(index, photos, library, monkeypatch):
    index(photos)
    monkeypatch.setattr(lock, "PATIENCE", 0)
    with writing(library, "imgsearch index"):
        with pytest.raises(LibraryBusyError, match="imgsearch index"):
            index(photos)
        with pytest.raises(LibraryBusyError, match="imgsearch index"):
            forget(library, [photos])
        assert Update(library).survey([photos]).to_read == 0  # a dry run changes nothing


def test_a_library_can_not_be_made_where_a_file_is(tmp_path, photos):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(LibraryError, match=r"taken can't be made \(there is a file by that name\)"):
        Update(tmp_path / "taken").run([photos])
