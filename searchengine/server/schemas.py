"""The shapes of what goes in and out, as /openapi.json tells them. Tests hold answers and shapes together."""

# No `from __future__ import annotations`: pydantic reads the annotations.
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from searchengine.query.relevance import STRICTNESS

MOST_RESULTS = 500
MOST_PATHS = 10_000
MOST_LOOKED_AT = 16
LARGEST_ID = 2**53 - 1

ImageId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="A picture's `id`, as results give it.")]
QueryText = Annotated[
    str,
    Field(max_length=2000, description="In the query language; empty for all pictures, the newest first."),
]
Count = Annotated[int, Field(ge=1, le=MOST_RESULTS, description="How many results.")]
CursorText = Annotated[
    str | None, Field(max_length=1000, description="`next` of the page before; leave it out for the first.")
]
SortName = Annotated[
    Literal["relevance", "newest", "oldest"],
    Field(description="By relevance, or what is relevant by date and the rest after it."),
]
Collapse = Annotated[bool, Field(description="Whether edits of one picture are one result.")]
Strictness = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Where the relevance line lies: the share of unrelated queries that find nothing.",
    ),
]
Judged = Annotated[
    list[ImageId],
    Field(max_length=100, description="Ids of results that are, or aren't, what is meant: learned from."),
]
Labels = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Field(
        min_length=1, max_length=1000, description="Each once; where they exclude each other, two or more."
    ),
]


FewIds = Annotated[
    list[ImageId],
    Field(
        min_length=1, max_length=MOST_LOOKED_AT, description="Each is looked at closely, which takes a while."
    ),
]


class Shape(BaseModel):
    """An object with just these members."""

    model_config = ConfigDict(extra="forbid")


class SearchRequest(Shape):
    """What to look for."""

    q: QueryText = ""
    k: Count = 10
    cursor: CursorText = None
    sort: SortName = "relevance"
    strictness: Strictness = STRICTNESS
    collapse: Collapse = False
    url: Annotated[
        str | None,
        Field(max_length=4000, description="A picture on the web, `image:url` in the query; if allowed."),
    ] = None
    more: Judged = []
    less: Judged = []


class Result(Shape):
    """A picture in a ranking."""

    rank: int
    id: int
    hash: str
    path: str
    copies: list[str]
    edits: list[str]
    score: float | None
    relevant: bool | None
    offline: bool
    flags: list[str]
    region: list[float] | None
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None
    time: float | None
    duration: float | None
    title: str | None
    caption: str | None
    keywords: list[str]
    place: str | None
    rating: int | None
    thumbnail: str
    preview: str
    original: str


class SearchAnswer(Shape):
    """A page of a ranking, best first."""

    query: str
    space: str
    total: int
    took_ms: float
    next: str | None
    results: list[Result]


class Image(Shape):
    """Everything that is known of a picture."""

    id: int
    hash: str
    size: int
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None
    lens: str | None
    focal_length: float | None
    latitude: float | None
    longitude: float | None
    duration: float | None
    frames: list[float]
    flags: list[str]
    text: str | None
    described: str | None
    path: str
    copies: list[str]
    offline: bool
    thumbnail: str
    preview: str
    original: str


class ClassifyRequest(Shape):
    """Pictures of the library, and what they may be called."""

    ids: Annotated[list[ImageId], Field(min_length=1, max_length=MOST_RESULTS)]
    labels: Labels
    templates: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Field(min_length=1, max_length=20, description="Prompts with {} for the label; their mean counts."),
    ] = None


class LabelProbability(Shape):
    """A label and how surely it holds."""

    label: str
    probability: float


class PictureLabels(Shape):
    """A picture's labels, the most probable first."""

    path: str
    labels: list[LabelProbability]


class ObjectsRequest(Shape):
    """Pictures of the library, and what to look for in them."""

    ids: FewIds
    labels: Labels | None = None
    least: Annotated[float | None, Field(ge=0, le=1, description="The lowest score of an object.")] = None


class FoundObject(Shape):
    """A thing in a picture: where, as left, top, right and bottom in shares of its width and height."""

    label: str
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    score: float


class PictureObjects(Shape):
    """What is where in a picture, the surest first."""

    path: str
    objects: list[FoundObject]


class DescribeRequest(Shape):
    """Pictures of the library."""

    ids: FewIds


class DescriptionPart(Shape):
    """A part of a description, and how sure it is among what else might stand there."""

    text: str
    probability: float


class PictureDescription(Shape):
    """A picture in words."""

    path: str
    id: int | None
    text: str
    objects: list[FoundObject]
    method: Literal["written", "composed"]
    parts: list[DescriptionPart]


class ClusterExample(Shape):
    """A picture near to the middle of a group."""

    id: int
    path: str
    score: float
    thumbnail: str
    preview: str
    original: str


class ClusterGroup(Shape):
    """Pictures that look alike."""

    name: str
    phrases: list[str]
    size: int
    examples: list[ClusterExample]


class DuplicateMember(Shape):
    """One file of a group."""

    path: str
    score: float
    level: str
    id: int
    width: int
    height: int
    bytes: int
    format: str
    taken_at: datetime | None
    offline: bool
    thumbnail: str
    preview: str
    original: str


class DuplicateGroup(Shape):
    """Files that are the same picture, or nearly."""

    level: str
    keep: str
    why: str
    members: list[DuplicateMember]


class DuplicateGroups(Shape):
    """A page of all groups, the strictest first."""

    total: int
    unreadable: int
    next: str | None
    groups: list[DuplicateGroup]


class FailedFile(Shape):
    """A file that couldn't be indexed."""

    path: str
    reason: str


class Failures(Shape):
    """A page of the files that couldn't be indexed, in order of path."""

    total: int
    next: str | None
    failures: list[FailedFile]


class PathsWanted(Shape):
    """Of which pictures."""

    ids: Annotated[list[Annotated[ImageId, Field(strict=True)]], Field(max_length=MOST_PATHS)]


class PathOf(Shape):
    """Where a picture lies."""

    id: int
    path: str
    copies: list[str]


class PathsOf(Shape):
    """Where pictures lie."""

    paths: list[PathOf]


class FacetValue(Shape):
    """One value and how many pictures have it."""

    value: str
    count: int


class Facets(Shape):
    """What there is to filter by, the most frequent first."""

    camera: list[FacetValue]
    lens: list[FacetValue]
    type: list[FacetValue]
    year: list[FacetValue]


class Index(Shape):
    """How the vectors are searched."""

    kind: str
    reason: str
    vectors: int
    snapshot: int | None
    note: str | None
    recall: float


class Space(Shape):
    """A model and the embeddings it has made."""

    model: str
    state: str
    dim: int
    embeddings: int
    bytes: int
    regions: bool


class RunProgress(Shape):
    """How far a run is that goes on now."""

    stage: str
    done: int
    total: int | None
    failed: int
    rate: float | None
    eta_s: float | None


class Run(Shape):
    """An indexing run."""

    started_at: datetime
    finished_at: datetime | None
    outcome: Literal["running", "done", "interrupted", "failed"]
    counts: dict[str, object]
    progress: RunProgress | None


class Progress(Shape):
    """How many pictures there are, and how far a run is."""

    images: int
    failed: int
    change: int
    run: Run | None


class LibraryStatus(Shape):
    """What is indexed, by which model, and how the last run went."""

    library: str
    images: int
    files: int
    failed: int
    missing: int
    space: str | None
    dim: int | None
    spaces: list[Space]
    index: Index | None
    last_run: Run | None
    roots: list[str]
    offline_roots: list[str]
    bytes: int
    catalog: Annotated[str, Field(description="A file, or a database's URL without a password.")]


class Embedded(BaseModel):
    """An embedding as Immich expects it; of a picture, with its size."""

    clip: Annotated[str, Field(description="A JSON list of numbers, of length 1 together.")]
    imageHeight: int | None = None  # noqa: N815  Immich's names
    imageWidth: int | None = None  # noqa: N815


class Health(Shape):
    """Whether searches are answered."""

    status: Literal["ok", "starting", "unavailable"]


class SignIn(Shape):
    """The token, to be exchanged for a cookie."""

    token: Annotated[str, Field(max_length=1000)]


class FieldError(Shape):
    """What is wrong with one part of a request."""

    where: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    query: str | None = None
    start: int | None = None
    end: int | None = None
    errors: list[FieldError] | None = None
