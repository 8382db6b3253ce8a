"""The shapes of what goes in and out, as /openapi.json tells them. Tests hold answers and shapes together."""

# No `from __future__ import annotations`: pydantic reads the annotations.
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from searchengine.answering.pages import Sort
from searchengine.details import Details
from searchengine.duplicates.results import Duplicates, Group, Member
from searchengine.query.relevance import STRICTNESS
from searchengine.results import SearchResult, SearchResults
from searchengine.server.limits import LARGEST_ID, LONGEST_QUERY, MOST_LOOKED_AT, MOST_PATHS, MOST_RESULTS
from searchengine.server.shapes import Shape, many, shape
from searchengine.status import Progress, Status
from searchengine.understanding.classify import Classification
from searchengine.understanding.clusters import Cluster
from searchengine.understanding.clusters import Member as ClusterMember
from searchengine.understanding.describe import Description
from searchengine.understanding.objects import LEAST_SCORE, Objects
from searchengine.understanding.taught import LabelledPicture, Suggestion, TaughtLabel

ImageId = Annotated[int, Field(ge=1, le=LARGEST_ID, description="A picture's `id`, as results give it.")]
QueryText = Annotated[
    str,
    Field(
        max_length=LONGEST_QUERY,
        description="In the query language; empty for all pictures, the newest first.",
    ),
]
Count = Annotated[int, Field(ge=1, le=MOST_RESULTS, description="How many results.")]
CursorText = Annotated[
    str | None, Field(max_length=1000, description="`next` of the page before; leave it out for the first.")
]
NextCursor = Annotated[str | None, Field(description="`cursor` of the next page; null after the last.")]
Total = Annotated[int, Field(description="How many there are on all pages.")]
SortName = Annotated[
    Sort,
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
    more: Judged = Field(default_factory=list)
    less: Judged = Field(default_factory=list)


class ClassifyRequest(Shape):
    """Pictures of the library, and what they may be called."""

    ids: Annotated[list[ImageId], Field(min_length=1, max_length=MOST_RESULTS)]
    labels: Labels
    templates: Annotated[
        list[Annotated[str, Field(max_length=200)]] | None,
        Field(min_length=1, max_length=20, description="Prompts with {} for the label; their mean counts."),
    ] = None


class ObjectsRequest(Shape):
    """Pictures of the library, and what to look for in them."""

    ids: FewIds
    labels: Labels | None = None
    least: Annotated[float, Field(ge=0, le=1, description="The lowest score of an object.")] = LEAST_SCORE


class DescribeRequest(Shape):
    """Pictures of the library."""

    ids: FewIds


# Where a picture's files are, with which everything goes out that names one.
_ADDRESSES: dict[str, Any] = {
    "thumbnail": Annotated[str, Field(description="Address of a small WebP.")],
    "preview": Annotated[str, Field(description="Address of a WebP of at most 2048 pixels.")],
    "original": Annotated[str, Field(description="Address of the file itself.")],
}

Result = shape(SearchResult, **_ADDRESSES)
SearchAnswer = shape(SearchResults, results=many(Result))
Image = shape(
    Details,
    without=("files",),
    path=Annotated[str, Field(description="Absolute path of its first live file.")],
    copies=Annotated[list[str], Field(description="Absolute paths of the others.")],
    offline=Annotated[bool, Field(description="Whether none of its files can be reached.")],
    **_ADDRESSES,
)
PictureLabels = shape(Classification)
PictureObjects = shape(Objects)
PictureDescription = shape(Description)
ClusterExample = shape(ClusterMember, called="ClusterExample", **_ADDRESSES)
ClusterGroup = shape(Cluster, without=("ids",), examples=many(ClusterExample))
LabelEntry = shape(TaughtLabel, called="LabelEntry", thumbnails=list[str])
LabelSuggestion = shape(Suggestion, called="LabelSuggestion", **_ADDRESSES)
LabelExample = shape(LabelledPicture, called="LabelExample", **_ADDRESSES)
Label = shape(TaughtLabel)
DuplicateMember = shape(Member, called="DuplicateMember", **_ADDRESSES)
DuplicateGroup = shape(Group, called="DuplicateGroup", members=many(DuplicateMember))
DuplicateGroups = shape(Duplicates, total=Total, next=NextCursor, groups=many(DuplicateGroup))
LibraryStatus = shape(Status)
ProgressNow = shape(Progress)


LabelList = create_model(
    "LabelList",
    __base__=Shape,
    __doc__="Every label, in the order of the names.",
    writable=(bool, Field(description="Whether labels can be changed here: with a token they can.")),
    labels=many(LabelEntry),
)
LabelExamples = create_model(
    "LabelExamples",
    __base__=Shape,
    __doc__="A page of a label's examples: those that show it, then those that don't.",
    label=Label,
    next=NextCursor,
    examples=many(LabelExample),
)


class ExamplesGiven(Shape):
    """Pictures of the library, and whether they show a label."""

    ids: Annotated[list[ImageId], Field(min_length=1, max_length=MOST_RESULTS)]
    shows: bool = True


class NewName(Shape):
    """What a label is to be called."""

    name: Annotated[str, Field(min_length=1, max_length=100)]


class FailedFile(Shape):
    """A file that couldn't be indexed."""

    path: str
    reason: str


class Failures(Shape):
    """A page of the files that couldn't be indexed, in order of path."""

    total: Total
    next: NextCursor
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
    folder: Annotated[
        list[FacetValue], Field(description="Paths below the indexed folders, as `path:` has them.")
    ]
    label: Annotated[list[FacetValue], Field(description="What was taught by example.")]


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
