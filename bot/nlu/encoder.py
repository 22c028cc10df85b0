"""From a text to a sentence embedding: all-MiniLM-L6-v2 on onnxruntime, without torch.

Six transformer layers (BERT's architecture: Devlin et al. 2019; distilled: Wang et al. 2020,
MiniLM) and the mean over tokens (Reimers and Gurevych 2019, Sentence-BERT). The ONNX graph is built
at each start from the weights file, which is mapped into memory; of the 47 MB of the word table
only the rows of words that occur are ever read. Here belong tokens, graph and numbers; where the
files come from is in `weights`, and what embeddings are good for, elsewhere.
"""

from __future__ import annotations

import functools
import json
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import TensorProto, helper
from tokenizers import Tokenizer

from bot.nlu.weights import EncoderFiles, find_files

WIDTH: Final = 384
LAYERS: Final = 6
HEADS: Final = 12
INNER: Final = 1536
EPSILON: Final = 1e-12
OPSET: Final = 20

MOST_TOKENS: Final = 256
"""Longer texts are read up to here, as in the published model (about 1,000 characters)."""

VIEWS: Final = (4, LAYERS)
"""Layers of the two views; together they tell intents apart better than either."""

POOLED: Final = LAYERS + 1 + len(VIEWS)
"""Means over tokens that are made of a text: see `Encoder.layers`."""

BATCH_TOKENS: Final = 512
"""Tokens of a batch, padding included: bounds the memory that stays with the process (20 MB)."""

Embeddings = npt.NDArray[np.float32]


class Encoder:
    """Makes embeddings. Stateless between calls, and safe to share between threads."""

    def __init__(
        self, tokenizer: Tokenizer, words: Embeddings, session: onnxruntime.InferenceSession
    ) -> None:
        """`words` is the table of input embeddings, a row per token."""
        self._tokenizer = tokenizer
        self._words = words
        self._session = session

    @classmethod
    def open(cls, files: EncoderFiles | None = None, *, threads: int = 1) -> Encoder:
        """Builds the graph (about 0.3 s). Without `files` they are looked for.

        Raises:
            EncoderFilesError: the files are missing or not the published ones.
        """
        files = files or find_files(os.environ)
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
        tokenizer.no_padding()  # the file asks for 128 tokens, always
        tokenizer.enable_truncation(MOST_TOKENS)
        mapped, tensors = _map_tensors(files.weights)
        words = tensors.pop("embeddings.word_embeddings.weight")
        session = _session(tensors, threads)
        # The session has rearranged the large weights into a copy of its own. What it still needs
        # of the file comes back by itself.
        mapped.madvise(mmap.MADV_DONTNEED)
        return cls(tokenizer, words, session)

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Sentence embeddings, float32 [n, 384], each of length 1.

        A text has the same embedding alone and among others, to about 1e-6. Characters that cannot
        be written in UTF-8 (halves of surrogate pairs) are read as question marks.
        """
        return embeddings_of(self.layers(texts))

    def knows(self, word: str) -> bool:
        """Whether the word is one piece of its vocabulary: names and misspelt words seldom are."""
        return self._tokenizer.token_to_id(word.casefold()) is not None

    def vocabulary(self) -> list[str]:
        """All pieces of its vocabulary: words, and parts of words that begin with ##."""
        return list(self._tokenizer.get_vocab())

    def views(self, texts: Sequence[str]) -> Embeddings:
        """Two views of each text, float32 [n, 2, 384]: see `views_of`."""
        return views_of(self.layers(texts))

    def layers(self, texts: Sequence[str]) -> Embeddings:
        """Means over tokens, float32 [n, 9, 384], not normalised.

        The first seven are over all tokens after each layer. Layer 0 are the input embeddings
        (words, no context), layer 6 is what `encode` normalises. The last two are over the words
        alone, without the marks for begin and end, after the layers of `VIEWS`. A text without
        words is its marks.
        """
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(clean)]
        pooled = np.empty((len(tokens), POOLED, WIDTH), dtype=np.float32)
        for rows in _batches([len(ids) for ids in tokens]):
            longest = max(len(tokens[row]) for row in rows)
            ids = np.zeros((len(rows), longest), dtype=np.int64)
            mask = np.zeros((len(rows), longest), dtype=np.float32)
            inner = np.zeros((len(rows), longest), dtype=np.float32)
            for place, row in enumerate(rows):
                count = len(tokens[row])
                ids[place, :count] = tokens[row]
                mask[place, :count] = 1.0
                inner[place, slice(1, count - 1) if count > 2 else slice(count)] = 1.0
            feed = {"words": self._words[ids], "mask": mask, "inner": inner}
            pooled[rows] = self._session.run(None, feed)[0]
        return pooled


@functools.lru_cache(maxsize=1)
def shared_encoder() -> Encoder:
    """The encoder of this process; every component uses this one."""
    return Encoder.open()


@functools.lru_cache(maxsize=1)
def training_encoder() -> Encoder:
    """The same on all processors, for the thousands of sentences of a training."""
    return Encoder.open(threads=os.cpu_count() or 1)


def embeddings_of(layers: Embeddings) -> Embeddings:
    """What `Encoder.encode` gives, out of what `Encoder.layers` gives: float32 [n, 384]."""
    return unit(layers[:, LAYERS])


def views_of(layers: Embeddings) -> Embeddings:
    """The means over the words alone out of what `Encoder.layers` gives, each of length 1: float32
    [n, 2, 384].

    Layer 4, which is nearer to the wording, and layer 6. The marks for begin and end are the same
    in all texts, and only blur which intent one has.
    """
    return unit(layers[:, LAYERS + 1 :])


def unit(rows: Embeddings) -> Embeddings:
    """Rows scaled to length 1."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows of similar length together, so that little is padded."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[row] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


# ------------------------------------------------------------------------------------- the graph


def _session(tensors: Mapping[str, Embeddings], threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # every batch has another shape
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(t) for name, t in tensors.items()}
    options.add_external_initializers(list(values), list(values.values()))
    session = onnxruntime.InferenceSession(
        _graph(tensors), sess_options=options, providers=["CPUExecutionProvider"]
    )
    session._weights_in_use = values  # the session reads them, but does not own them
    return session


def _map_tensors(path: Path) -> tuple[mmap.mmap, dict[str, Embeddings]]:
    """The tensors of a safetensors file, mapped, not read: a JSON header, then the raw numbers."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    size = int.from_bytes(mapped[:8], "little")
    header: dict[str, Any] = json.loads(mapped[8 : 8 + size])
    whole = np.frombuffer(mapped, dtype=np.uint8, offset=8 + size)
    return mapped, {
        name: whole[about["data_offsets"][0] : about["data_offsets"][1]]
        .view(np.float32)
        .reshape(about["shape"])
        for name, about in header.items()
        if name != "__metadata__" and about["dtype"] == "F32" and not name.startswith("pooler.")
    }


def _graph(tensors: Mapping[str, Embeddings]) -> bytes:
    """The encoder as a serialised ONNX model without the weights, which the session is given.

    Inputs: `words` float32 [n, t, 384]; `mask` float32 [n, t], 1 for tokens and 0 for padding;
    `inner`, the same but 0 for the marks of begin and end.
    Output: `pooled` float32 [n, 9, 384].
    """
    build = _Build()
    mask = build("Unsqueeze", "mask", build.ints(1, 2))
    hidden = [build.embed()]
    for layer in range(LAYERS):
        hidden.append(build.layer(hidden[-1], f"encoder.layer.{layer}", mask))
    means = [build.mean(layer, "mask") for layer in hidden]
    means += [build.mean(hidden[view], "inner") for view in VIEWS]
    build("Concat", *means, out="pooled", axis=1)
    graph = helper.make_graph(
        build.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info("words", TensorProto.FLOAT, ["n", "t", WIDTH]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n", "t"]),
            helper.make_tensor_value_info("inner", TensorProto.FLOAT, ["n", "t"]),
        ],
        [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["n", POOLED, WIDTH])],
        [*build.constants, *(_elsewhere(name, t.shape) for name, t in tensors.items())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    return bytes(model.SerializeToString())


def _elsewhere(name: str, shape: Sequence[int]) -> TensorProto:
    """An initializer whose numbers the session gets from `add_external_initializers`."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="given-by-the-session")
    return tensor


class _Build:
    """Nodes of the graph, in order; a call adds one and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[TensorProto] = []

    def __call__(self, operator: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        out = out or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [out], **attributes))
        return out

    def ints(self, *numbers: int) -> str:
        return self._constant(np.array(numbers, dtype=np.int64))

    def number(self, number: float) -> str:
        return self._constant(np.array(number, dtype=np.float32))

    def _constant(self, value: npt.NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        kind = TensorProto.INT64 if value.dtype == np.int64 else TensorProto.FLOAT
        self.constants.append(helper.make_tensor(name, kind, value.shape, value.ravel().tolist()))
        return name

    def embed(self) -> str:
        """Words, places and the (only) kind of sentence, added up and normalised: [n, t, 384]."""
        length = self("Shape", "mask", start=1, end=2)
        places = self(
            "Slice", "embeddings.position_embeddings.weight", self.ints(0), length, self.ints(0)
        )
        kind = self("Gather", "embeddings.token_type_embeddings.weight", self.ints(0))
        return self._norm(self("Add", "words", self("Add", places, kind)), "embeddings.LayerNorm")

    def layer(self, hidden: str, name: str, mask: str) -> str:
        """One transformer layer, post-norm: attention, then the feed-forward network."""
        mixed = self._attend(hidden, f"{name}.attention.self", mask)
        mixed = self._dense(mixed, f"{name}.attention.output.dense", WIDTH)
        hidden = self._norm(self("Add", mixed, hidden), f"{name}.attention.output.LayerNorm")
        inner = self("Gelu", self._dense(hidden, f"{name}.intermediate.dense", INNER))
        outer = self._dense(inner, f"{name}.output.dense", WIDTH)
        return self._norm(self("Add", outer, hidden), f"{name}.output.LayerNorm")

    def mean(self, hidden: str, chosen: str) -> str:
        """The mean over the tokens for which `chosen` [n, t] is 1: [n, 1, 384]."""
        weights = self("Unsqueeze", chosen, self.ints(1))
        total = self("MatMul", weights, hidden)
        return self("Div", total, self("ReduceSum", weights, self.ints(2), keepdims=1))

    def _attend(self, hidden: str, name: str, mask: str) -> str:
        """Scaled dot-product attention of 12 heads."""
        by_head = self.ints(0, 0, HEADS, WIDTH // HEADS)

        def heads(part: str, order: list[int]) -> str:
            dense = self._dense(hidden, f"{name}.{part}", WIDTH)
            return self("Transpose", self("Reshape", dense, by_head), perm=order)

        queries, keys = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])
        likeness = self("MatMul", queries, keys)
        likeness = self("Mul", likeness, self.number((WIDTH / HEADS) ** -0.5))
        padding = self("Mul", self("Sub", mask, self.number(1.0)), self.number(1e9))
        attention = self("Softmax", self("Add", likeness, padding), axis=-1)
        mixed = self("MatMul", attention, heads("value", [0, 2, 1, 3]))
        mixed = self("Transpose", mixed, perm=[0, 2, 1, 3])
        return self("Reshape", mixed, self.ints(0, 0, WIDTH))

    def _dense(self, hidden: str, name: str, width: int) -> str:
        """hidden @ weight.T + bias. Gemm takes the weights as they lie in the file (out, in)."""
        rows = self("Flatten", hidden, axis=2)
        product = self("Gemm", rows, f"{name}.weight", f"{name}.bias", transB=1)
        shape = self("Concat", self("Shape", hidden, start=0, end=2), self.ints(width), axis=0)
        return self("Reshape", product, shape)

    def _norm(self, hidden: str, name: str) -> str:
        scale, shift = f"{name}.weight", f"{name}.bias"
        return self("LayerNormalization", hidden, scale, shift, axis=-1, epsilon=EPSILON)
