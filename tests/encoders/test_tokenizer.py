import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip import tokenizer as original

from searchengine.encoders import clip_bpe
from searchengine.encoders.clean import cleaner
from searchengine.encoders.tokenizer import TokenizerSpec, open_tokenizer
from searchengine.errors import ModelError

NASTY = [
    "",
    " ",
    "a dog on a beach",
    "It's 1999; they'RE, we'll, I'd 'S'T 'VE don't",
    "😀 👩‍👩‍👧 ❤️ 🇫🇷 1️⃣",
    "日本語のテキスト、한국어, 中文",
    "&amp;lt;b&amp;gt; &eacute; &#x1F600; &nbsp;&notanentity;",
    "\x00\x01\x1b[31mred\x7f\x85\x1c",
    "tabs\tand\r\nlines\u2028and\u00a0spaces\u3000",
    "x" * 3000,
    "word " * 500,
    "e\u0301 é \u0301\u0301 ﬁ ﬀ ß ẞ İ ı ſ 'ſ K",  # noqa: RUF001
    "sÃ¡bado â€œquotedâ€\x9d",
    "½ ² ٣ Ⅷ ৳ ০",  # noqa: RUF001
    "<start_of_text> <end_of_text> !!<end_of_text> a<end_of_text><END_OF_TEXT>",
    "_under_score_ {braces} `back` ~tilde~",
    "\ufeffbom \u200bzero\u200dwidth \u202eright-to-left \ufffd",
    "שלום العربية हिन्दी ไทย",
    "\U000e0041\U0001f3fb\U00032000\U0003134a",
]


@pytest.fixture(scope="module")
def open_clips():
    return original.SimpleTokenizer()


def ours(length=77, clean="lower"):
    return open_tokenizer(TokenizerSpec("clip", clean, length), "")


def test_the_merges_are_open_clips(open_clips):
    with gzip.open(original.default_bpe(), "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")[1 : 49152 - 256 - 2 + 1]
    assert lines == [*clip_bpe._ranks()]
    assert len({line.replace(" ", "") for line in lines}) == len(lines)  # so that a token has one id
    assert (open_clips.sot_token_id, open_clips.eot_token_id) == (clip_bpe.START, clip_bpe.END)


@pytest.mark.parametrize("clean", ["lower", "whitespace", "canonicalize"])
@pytest.mark.parametrize("length", [77, 32, 5])
def test_nasty_texts_give_open_clips_tokens(length, clean):
    expected = original.SimpleTokenizer(context_length=length, clean=clean)(NASTY).numpy()
    assert np.array_equal(ours(length, clean)(NASTY), expected)


@settings(max_examples=400)
@given(st.text(max_size=60))
def test_any_text_gives_open_clips_tokens(open_clips, text):
    assert clip_bpe.encode(cleaner("lower")(text)) == open_clips.encode(text)


@settings(max_examples=300)
@given(st.text(st.characters(max_codepoint=126), max_size=60))
def test_any_ascii_gives_open_clips_tokens(open_clips, text):
    assert clip_bpe.encode(cleaner("lower")(text)) == open_clips.encode(text)


@settings(max_examples=200)
@given(st.text(max_size=40), st.sampled_from(["lower", "whitespace", "canonicalize"]))
def test_cleaning_is_open_clips(text, kind):
    assert cleaner(kind)(text) == original.get_clean_fn(kind)(text)


def test_rows_are_cut_to_the_longest_text_when_asked():
    tokens = ours()(["dog", "a dog on a beach"], cut=True)
    assert tokens.shape == (2, 7)
    assert tokens.dtype == np.int64
    assert np.array_equal(ours()(["dog", "a dog on a beach"])[:, :7], tokens)
    assert ours()(["", ""], cut=True).shape == (2, 2)


def test_no_texts_give_no_rows():
    assert ours()([]).shape == (0, 77)
    assert ours()([], cut=True).shape == (0, 77)


def word_tokenizer(folder, **fields):
    """A tokenizer.json as the hub has them: words, [CLS] before, [SEP] after."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "on", "beach"]
    fast = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    fast.normalizer = normalizers.Lowercase()
    fast.pre_tokenizer = pre_tokenizers.Whitespace()
    fast.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    fast.add_special_tokens(words[:4])
    fast.enable_padding(length=128, pad_id=0)  # as published files do; open_clip sets its own
    fast.enable_truncation(512)
    fast.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"pad_token": "[PAD]", "sep_token": "[SEP]", **fields})
    )


def test_a_hub_tokenizer_pads_and_truncates_as_transformers_would(tmp_path):
    word_tokenizer(tmp_path)
    tokenizer = open_tokenizer(TokenizerSpec("hub", "whitespace", 6, pad=0), tmp_path)
    texts = ["A  dog", "a dog on a beach a dog", "cat &amp; dog"]
    assert tokenizer(texts).tolist() == [
        [2, 4, 5, 3, 0, 0],
        [2, 4, 5, 6, 4, 3],
        [2, 1, 1, 5, 3, 0],
    ]
    assert tokenizer(texts[:1], cut=True).tolist() == [[2, 4, 5, 3]]


def test_a_separator_can_be_dropped(tmp_path):
    word_tokenizer(tmp_path)
    tokenizer = open_tokenizer(TokenizerSpec("hub", "whitespace", 5, pad=0, drop=3), tmp_path)
    assert tokenizer(["a dog"]).tolist() == [[2, 4, 5, 0, 0]]


def test_a_damaged_hub_tokenizer_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json can't be read"):
        open_tokenizer(TokenizerSpec("hub", "whitespace", 6), tmp_path)
