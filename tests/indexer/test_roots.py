"""Which root a path belongs to."""

from __future__ import annotations

import pytest

from indexer.disk.roots import Requested, Target, absorbed, contains, locate, relative


@pytest.mark.parametrize(
    ("requested", "roots", "targets"),
    [
        pytest.param([b"/a"], [], [(b"/a", b"")], id="a new folder becomes a root"),
        pytest.param([b"/a/b"], [b"/a"], [(b"/a", b"b")], id="a folder below a root belongs to it"),
        pytest.param([b"/a/b", b"/a"], [], [(b"/a", b"")], id="of nested folders the outer counts"),
        pytest.param([b"/a"], [b"/a/b"], [(b"/a", b"")], id="an outer folder becomes the root"),
        pytest.param([b"/ab"], [b"/a"], [(b"/ab", b"")], id="a name that begins alike is not below"),
        pytest.param([b"/a", b"/b"], [b"/b"], [(b"/a", b""), (b"/b", b"")], id="two folders, two targets"),
        pytest.param([b"/a/x", b"/a/x/y"], [b"/a"], [(b"/a", b"x")], id="a scope within a scope is one"),
        pytest.param([b"/a", b"/a"], [], [(b"/a", b"")], id="twice the same is once"),
        pytest.param([b"/a/b"], [b"/"], [(b"/", b"a/b")], id="the root of the disk is a root"),
        pytest.param([b"/a/b"], [b"/a", b"/a/b"], [(b"/a", b"b")], id="the outermost root owns it"),
    ],
)
def test_locate_folders(requested, roots, targets):
    assert locate([Requested(path) for path in requested], roots) == [Target(*target) for target in targets]


def test_a_single_file_makes_its_folder_a_root_but_only_itself_a_target():
    assert locate([Requested(b"/a/x.jpg", is_file=True)], []) == [Target(b"/a", b"x.jpg")]


def test_a_file_below_a_requested_folder_needs_no_target_of_its_own():
    assert locate([Requested(b"/a/x.jpg", is_file=True), Requested(b"/a")], []) == [Target(b"/a")]


def test_two_files_of_one_folder_are_two_targets_of_one_root():
    files = [Requested(b"/a/x.jpg", is_file=True), Requested(b"/a/y.jpg", is_file=True)]
    assert locate(files, []) == [Target(b"/a", b"x.jpg"), Target(b"/a", b"y.jpg")]


def test_absorbed_are_the_roots_below():
    assert absorbed(b"/a", [b"/a", b"/a/b", b"/ab", b"/c"]) == [b"/a/b"]


def test_contains_and_relative_agree_at_the_top_of_the_disk():
    assert contains(b"/", b"/a")
    assert relative(b"/a", b"/") == b"a"
    assert relative(b"/a/b", b"/a") == b"b"
    assert relative(b"/a", b"/a") == b""
