"""What XMP says, and what it can't do to us."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.images.description import MOST_KEYWORDS, UNDESCRIBED, Description
from searchengine.images.xmp import MOST_BYTES, find_packet, read_xmp
from tests.images.made import xmp

LIGHTROOM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmp:Rating="4" photoshop:City="Lisbon" photoshop:Country="Portugal" Iptc4xmpCore:Location="Alfama">
   <dc:title><rdf:Alt><rdf:li xml:lang="de">Die Bahn</rdf:li>
    <rdf:li xml:lang="x-default">The tram</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Line 28,
     up the hill</rdf:li></rdf:Alt></dc:description>
   <dc:subject><rdf:Bag><rdf:li>tram</rdf:li><rdf:li>Anna</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>people|Anna</rdf:li>
    <rdf:li>tram</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <crs:Look><rdf:Description crs:Name="Adobe Color">
    <dc:title>not the picture's</dc:title></rdf:Description></crs:Look>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmp:Rating="-1">
   <dc:subject><rdf:Seq><rdf:li>darktable|exported</rdf:li><rdf:li>rex</rdf:li></rdf:Seq></dc:subject>
   <lr:hierarchicalSubject><rdf:Seq><rdf:li>darktable|format|jpg</rdf:li>
    <rdf:li>dogs|rex</rdf:li></rdf:Seq></lr:hierarchicalSubject>
  </rdf:Description></rdf:RDF></x:xmpmeta>"""

DIGIKAM = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/">
   <xmp:Rating>5</xmp:Rating>
   <digiKam:TagsList><rdf:Seq><rdf:li>People/Yuki</rdf:li></rdf:Seq></digiKam:TagsList>
   <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
     <rdf:li><rdf:Description mwg-rs:Name="Otto" mwg-rs:Type="Face"/></rdf:li>
   </rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
  </rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_lightrooms():
    assert read_xmp(LIGHTROOM.encode()) == Description(
        title="The tram",
        caption="Line 28, up the hill",
        keywords=("tram", "Anna", "people"),
        place="Alfama, Lisbon, Portugal",
        rating=4,
    )


def test_darktables_without_what_it_notes_for_itself():
    assert read_xmp(DARKTABLE.encode()) == Description(keywords=("rex", "dogs"), rating=-1)


def test_digikams_with_the_faces():
    assert read_xmp(DIGIKAM.encode()) == Description(keywords=("Otto", "People", "Yuki"), rating=5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_any_encoding_that_it_declares(encoding):
    text = xmp(keywords=["Straße"])
    head = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding == "iso-8859-1" else ""
    assert read_xmp((head + text).encode(encoding)).keywords == ("Straße",)


def test_as_text():
    assert read_xmp(xmp(keywords=["größer"])).keywords == ("größer",)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "rex rex rex rex rex rex rex rex rex rex">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
    + xmp(keywords=["SAID"]).replace("SAID", "&i;")
)
STOLEN = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + xmp(
    keywords=["SAID"]
).replace("SAID", "&a;")


@pytest.mark.parametrize(
    "packet",
    [
        LAUGHS,
        STOLEN,
        "",
        "\0" * 100,
        "<",
        "no XML at all",
        "<a>" * 100_000,
        '<?xml version="1.0" encoding="klingon"?><a/>',
        '<?xml version="1.0" encoding="shift_jis"?><a/>',
        "<rdf:RDF/>",
        "<a " + " ".join(f'b{n}="x"' for n in range(20_000)) + "/>",
    ],
    ids=lambda packet: packet[:20],
)
def test_what_is_no_xmp_or_wants_harm_says_nothing(packet):
    begun = time.monotonic()
    assert read_xmp(packet) == UNDESCRIBED
    assert time.monotonic() - begun < 60


def test_one_that_is_too_large_is_not_read():
    assert read_xmp(xmp(keywords=["rex"]) + " " * 50_000_000) == UNDESCRIBED
    assert read_xmp(xmp(keywords=["rex"]) + " " * (MOST_BYTES // 2)) == Description(keywords=("rex",))


def test_of_very_much_only_so_much_is_kept():
    said = read_xmp(xmp(keywords=[f"word {n}" for n in range(5000)], caption="x" * 1_000_000))
    assert len(said.keywords) == MOST_KEYWORDS
    assert said.keywords[0] == "word 0"
    assert len(read_xmp(xmp(caption="x" * 1_000_000)).caption or "") == 4000
    assert len(read_xmp(xmp(keywords=["x" * 1000])).keywords[0]) == 100


def test_what_was_read_before_it_breaks_counts():
    assert read_xmp(xmp(keywords=["rex"])[:-30]).keywords == ("rex",)


@pytest.mark.parametrize(
    ("rating", "stars"),
    [("3", 3), ("3.0", 3), ("0", None), ("-1", -1), ("6", None), ("nan", None), ("x", None)],
)
def test_a_rating_is_one_to_five_or_rejected(rating, stars):
    assert read_xmp(xmp(rating=rating)).rating == stars


def test_a_packet_is_found_in_any_file():
    packet = xmp(keywords=["rex"]).encode()
    assert find_packet(b"\0\1binary" + packet + b"more\xff") == packet
    assert find_packet(b"<x:xmpmeta without end") == b""
    assert find_packet(b"nothing") == b""


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data):
    assert isinstance(read_xmp(data), Description)


@given(st.integers(0, 2000), st.binary(max_size=4))
def test_any_damage_is_survived(at, junk):
    packet = LIGHTROOM.encode()
    assert isinstance(read_xmp(packet[:at] + junk + packet[at + len(junk) :]), Description)
