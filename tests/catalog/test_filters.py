"""Filters as SQL against the same filters in plain Python, over random libraries."""

from __future__ import annotations

import fnmatch
import math
import re
import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from searchengine.catalog import filters, narrowing, removal, roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.models import Content, File
from searchengine.catalog.record import ContentFacts
from searchengine.engines import CATALOG_FILE
from searchengine.filters import LABEL_KEY, Choice, Circle, Filter, Moment, Number, Pattern
from searchengine.images.description import UNDESCRIBED, Description
from searchengine.query.grammar import parse
from searchengine.query.keys import KEYS
from tests.catalog.builder import at, picture, put, record, spec, unit


def compiled(statement):
    """With its values in it."""
    return statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})


NAMES = [
    "IMG_1.jpg",
    "img_2.JPG",
    "holiday.png",
    "100%_sure.jpg",
    "a_b.jpg",
    "Ärger.jpg",
    "c[1].jpg",
    "back\\slash.jpg",
]
FOLDERS = ["", "2021/", "2021/summer/", "IMG_old/", "2022 trip/"]

contents = st.fixed_dictionaries(
    {
        "width": st.sampled_from([100, 2000, 4000]),
        "height": st.sampled_from([100, 2000, 3000]),
        "format": st.sampled_from(["JPEG", "PNG", "HEIF"]),
        "taken_at": st.none()
        | st.sampled_from(
            [
                datetime(2020, 1, 1),
                datetime(2021, 6, 1),
                datetime(2021, 6, 30, 23, 59, 59),
                datetime(2022, 1, 1),
            ]
        ),
        "camera": st.none() | st.sampled_from(["Canon EOS R6", "Apple iPhone 14", "100% Nikon_Z"]),
        "lens": st.none() | st.sampled_from(["RF50mm F1.8", "Summilux"]),
        "focal_length": st.none() | st.sampled_from([50.0, 4.25]),
        "place": st.none()
        | st.sampled_from(
            [(48.8566, 2.3522), (51.5074, -0.1278), (-17.7, 179.9), (-17.7, -179.9), (90.0, 0.0)]
        ),
        "size": st.sampled_from([10, 2_000_000, 5_000_000]),
        "description": st.sampled_from(
            [
                UNDESCRIBED,
                Description(keywords=("summer", "Rex"), rating=5),
                Description(caption="a summer in Ärger", rating=3),
                Description(keywords=("img", "a"), rating=-1),
            ]
        ),
        "files": st.lists(
            st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)), min_size=1, max_size=2, unique=True
        ),
    }
)
demands = st.sampled_from(
    [
        "camera:canon",
        "camera:CANON*",
        "camera:*r?",
        "camera:100%",
        "camera:n_z",
        "lens:50mm",
        "lens:>10",
        "lens:summi",
        "type:jpg",
        "type:heic|png",
        "path:2021/*",
        "path:*/summer/*",
        "path:img_old",
        "name:IMG_*",
        "name:*.jpg",
        "name:a_b*",
        "name:100%*",
        "name:*[1]*",
        'name:"back\\\\slash"',
        "after:2021",
        "after:2021-06",
        "before:2021-07",
        "before:2022",
        "after:2021-06-30T23:59:59",
        "width:>2000",
        "width:2000",
        "height:<=2000",
        "mp:>5",
        "mp:12",
        "size:<2mb",
        "size:>=2mb",
        "near:48.85,2.35,10km",
        "near:48.85,2.35,400km",
        "near:-17.7,180,30km",
        "near:89.9,100,50km",
        "orientation:portrait",
        "orientation:square|landscape",
        '"summer"',
        '"img"',
        '"100%_"',
        '"sure jpg"',
        '"arger"',
        '"rex"',
        '"img 1"',
        "rating:>3",
        "rating:5|3",
        "rating:<5",
        "keyword:summer",
        "keyword:REX|img",
        "keyword:su*",
        "keyword:rx",
    ]
)


def holds(value, key, content):  # noqa: PLR0911  one return for each type of value
    """Whether one value of a key holds of a content, in plain Python."""
    match value:
        case Pattern(text) if key in ("path", "name"):
            return any(
                like(folder + name if key == "path" else name, text) for folder, name in content["files"]
            )
        case Pattern(text) if key == "keyword":
            return any(
                like(each, text) if set(text) & set("*?") else each.lower() == text.lower()
                for each in content["description"].keywords
            )
        case Pattern(text):
            return content[key] is not None and like(content[key], text)
        case Choice(text) if key == "type":
            return content["format"].lower() == text
        case Choice(text):
            return text == ["square", "landscape", "portrait"][_sign(content["width"] - content["height"])]
        case Moment(time):
            taken = content["taken_at"]
            return taken is not None and (taken >= time if key == "after" else taken < time)
        case Circle(latitude, longitude, radius):
            return (
                content["place"] is not None and kilometres(content["place"], (latitude, longitude)) <= radius
            )
        case Number(comparison, wanted):
            found = {
                "lens": content["focal_length"],
                "mp": content["width"] * content["height"] / 1e6,
                "rating": content["description"].rating,
            }.get(key, content.get(key))
            if found is None:
                return False
            near = {"lens": 0.5, "mp": 0.5}.get(key, 0)
            return {
                "<": found < wanted,
                "<=": found <= wanted,
                "=": abs(found - wanted) <= near,
                ">=": found >= wanted,
                ">": found > wanted,
            }[comparison]


def like(text, pattern):
    if set(pattern) & set("*?"):
        return fnmatch.fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))
    return pattern.lower() in text.lower()


def texts(content):
    description = content["description"]
    return (*(folder + name for folder, name in content["files"]), *description.keywords, description.caption)


def stands(words, text):
    """Whether words stand in a text next to each other, in plain Python; letters and digits are apart."""
    wanted, there = (
        re.findall(
            r"[^\W\d_]+|\d+", unicodedata.normalize("NFD", each or "").casefold().replace("\u0308", "")
        )
        for each in (words, text)
    )
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there)))


def kilometres(a, b):
    """By the angle between two directions: another formula than the one that is tested."""
    (lat1, lon1), (lat2, lon2) = (map(math.radians, place) for place in (a, b))
    first = (math.cos(lat1) * math.cos(lon1), math.cos(lat1) * math.sin(lon1), math.sin(lat1))
    second = (math.cos(lat2) * math.cos(lon2), math.cos(lat2) * math.sin(lon2), math.sin(lat2))
    return 2 * 6371.0088 * math.asin(min(1.0, math.dist(first, second) / 2))


def _sign(number):
    return (number > 0) - (number < 0)


def passes(query, content):
    return all(
        any(holds(value, each.key, content) for value in each.values) != each.negated
        for each in query.filters
    ) and all(any(stands(each.text, text) for text in texts(content)) != each.negated for each in query.exact)


libraries_and_queries = given(
    st.lists(contents, min_size=1, max_size=8),
    st.lists(st.tuples(st.booleans(), demands), max_size=3),
    st.sampled_from([0, 2, 8]),
)


@settings(max_examples=60)
@libraries_and_queries
def test_the_same_pictures_pass_as_in_plain_python(contents, wanted, few):
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder) / CATALOG_FILE, contents, wanted, few)


@pytest.mark.postgres
@settings(max_examples=8)
@libraries_and_queries
def test_the_same_pictures_pass_on_postgres(emptied_catalog, contents, wanted, few):
    check(emptied_catalog(), contents, wanted, few)


def check(where, contents, wanted, few):
    contents = [
        {**content, "files": [(f"{folder}{number}/", name) for folder, name in content["files"]]}
        for number, content in enumerate(contents)
    ]
    query = parse(" ".join("-" * minus + demand for minus, demand in wanted))
    with Catalog.open(where, create=True) as catalog:
        with catalog.write() as session:
            space = spaces.create_space(session, spec())
            root = roots.add_root(session, b"/photos")
        ids = {}
        for number, content in enumerate(contents):
            facts = {key: value for key, value in content.items() if key not in ("place", "files")}
            latitude, longitude = content["place"] or (None, None)
            fact = ContentFacts(
                hash=number.to_bytes(32, "big"), latitude=latitude, longitude=longitude, **facts
            )
            put(
                catalog,
                space,
                *(
                    record.Picture(at(root, folder + name), fact, unit(number)[None])
                    for folder, name in content["files"]
                ),
            )
            ids[number + 1] = content
        with catalog.read() as session:
            which = filters.condition(query.filters, query.exact)
            found = filters.passing(session, space.id, which).tolist()
            dated = filters.newest(session, space.id, which).tolist()
            with mock.patch.multiple(narrowing, MANY=few, FEW=few):
                begin = narrowing.narrow(session, query.filters, query.exact)
                rest = filters.condition(begin.filters, begin.exact)
                narrowed = filters.passing(session, space.id, rest, begin.contents).tolist()
                again = filters.newest(session, space.id, rest, begin.contents).tolist()
    expected = [embedding for embedding, content in ids.items() if passes(query, content)]
    assert found == narrowed == expected
    assert sorted(dated) == expected
    assert again == dated
    dates = [ids[embedding]["taken_at"] or datetime(1, 1, 1) for embedding in dated]
    assert dates == sorted(dates, reverse=True)


def test_unknown_facts_pass_not_but_not_is(catalog, space, root):
    put(
        catalog,
        space,
        record.Picture(at(root, "a.jpg"), ContentFacts(b"\0" * 32, 1, 1, 1, "PNG"), unit(1)[None]),
    )
    with catalog.read() as session:
        for text, count in (
            ("camera:canon", 0),
            ("-camera:canon", 1),
            ("near:0,0,9km", 0),
            ("-near:0,0,9km", 1),
        ):
            query = parse(text)
            assert len(filters.passing(session, space.id, filters.condition(query.filters))) == count


@pytest.mark.parametrize(
    ("query", "rest"),
    [
        ("camera:rare", ""),
        ("lens:rare", ""),
        ("type:png", ""),
        ("size:11", ""),
        ("near:10,10,5km", "near:10,10,5km"),
        ("after:2021 before:2022", ""),
        ("camera:usual lens:rare", "camera:usual"),
        ("camera:u* lens:usual width:1", None),
        ("path:2021/rare", ""),
        ("name:rare* camera:rare", ""),
        ("name:rare.jp? width:1", "width:1"),
        ('"rare"', ""),
        ("keyword:rare", "keyword:rare"),
        ('"rare" -"usual"', '-"usual"'),
        ("camera:usual", None),
        ("-camera:rare", None),
        ("lens:50mm", None),
        ("path:2021", None),
        ("path:r?re", None),
        ('"jpg"', None),
    ],
)
@mock.patch.multiple(narrowing, MANY=2, FEW=2, ROW=2)
def test_what_few_pass_is_answered_by_an_index(catalog, space, root, query, rest):
    for number in range(6):
        rare = number == 0
        facts = {"size": 10, "format": "JPEG", "camera": "usual", "lens": "usual", "latitude": 50.0}
        if rare:
            facts = {"size": 11, "format": "PNG", "camera": "rare", "lens": "rare", "latitude": 10.0}
        dated = datetime(2021 if rare else 2022, 6, 1)
        fact = ContentFacts(
            number.to_bytes(32, "big"), width=1, height=1, longitude=10.0, taken_at=dated, **facts
        )
        name = "rare" if rare else f"usual{number}"
        put(catalog, space, record.Picture(at(root, f"2021/{name}.jpg"), fact, unit(number)[None]))
    asked = parse(query)
    with catalog.read() as session:
        begin = narrowing.narrow(session, asked.filters, asked.exact)
    left = parse(query if rest is None else rest)
    assert (begin.filters, begin.exact) == (left.filters, left.exact)
    assert begin.contents is None if rest is None else begin.contents.tolist() == [1]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("camera:rare", "camera"),
        ("type:png", "format"),
        ("-type:png", "format"),
        ("size:11", "size"),
        ("near:10,10,5km", None),
        ("after:2021 before:2022", "taken_at"),
    ],
)
def test_what_an_index_says_is_not_read_from_the_rows(catalog, space, query, index, path):
    asked = select(Content.id).where(filters.condition(parse(query).filters))
    with catalog.read() as session:
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {compiled(asked)}")).all()
    assert any(f"COVERING INDEX ix_content_{index}" in row[3] for row in plan) == (index is not None)


def test_hidden_pictures_pass_nothing(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog"))
    with catalog.write() as session:
        removal.remove_files(session, [1])
    with catalog.read() as session:
        assert filters.passing(session, space.id, filters.ANYTHING).tolist() == [2]
        both = np.array([1, 2])
        assert filters.passing(session, space.id, filters.ANYTHING, both).tolist() == [2]


def test_hidden_pictures_have_an_index(catalog, path):
    with catalog.read() as session:
        plan = session.execute(
            text("EXPLAIN QUERY PLAN SELECT id FROM content WHERE content.shown = 0")
        ).all()
    assert "USING INDEX ix_content_hidden" in plan[0][3]


@pytest.fixture(scope="module")
def one_catalog(tmp_path_factory):
    with Catalog.open(tmp_path_factory.mktemp("one") / CATALOG_FILE, create=True) as opened:
        with opened.write() as session:
            space = spaces.create_space(session, spec())
            root = roots.add_root(session, b"/photos")
        put(opened, space, picture(root, "a", "cat"))
        yield opened


@settings(max_examples=80)
@given(
    st.lists(st.text(st.sampled_from('aAb/_%.?*ä\\"'), min_size=1, max_size=9), min_size=1, max_size=3),
    st.text(st.sampled_from('aAb/_%.?*ä\\"'), min_size=1, max_size=7),
)
def test_globs_match_paths_and_names_whatever_is_in_them(one_catalog, named, glob):
    paths = {"/".join(part for part in each.split("/") if part) for each in named} - {""}
    with (
        one_catalog.database.writing.connect() as connection,
        Session(connection) as session,
    ):  # never committed
        session.execute(delete(File))
        rows = {"root_id": 1, "size": 1, "mtime_ns": 1, "state": "indexed", "content_id": 1}
        for path in paths:
            session.execute(insert(File), {**rows, "path": path.encode()})
        for key in ("path", "name"):
            asked = Filter(key, (Pattern(glob),))
            expected = any(like(path if key == "path" else path.split("/")[-1], glob) for path in paths)
            which = filters.condition([asked])
            assert session.scalars(select(Content.id).where(which)).all() == [1] * expected
            begin = narrowing.narrow(session, [asked])
            assert begin.contents is None or begin.contents.tolist() == [1] * expected


@pytest.mark.parametrize(
    "key", [key for key in KEYS.values() if key.name != LABEL_KEY], ids=lambda key: key.name
)
def test_every_key_of_a_fact_has_its_condition(catalog, space, key):
    which = filters.condition([Filter(key.name, (key.read(key.example),))])
    with catalog.read() as session:
        assert filters.passing(session, space.id, which).tolist() == []
