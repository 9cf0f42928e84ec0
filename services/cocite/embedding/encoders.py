"""The encoders: MiniLM on onnxruntime, a hashing encoder for tests, and the choice between them."""

import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.core.settings import Settings
from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.embedding.model_files import MODEL_NAME, TOKENIZER, WEIGHTS, locate

INT8 = "minilm-int8"  # setting: the same model with linear layers in 8-bit integers


def load_encoder(settings: Settings) -> Encoder:
    """The encoder the settings name, ready to use. Raises NotReady when its files are missing or damaged."""
    if settings.encoder == "hashing":
        return HashingEncoder()
    return MiniLmEncoder(locate(settings), int8=settings.encoder == INT8)


def encoder_version(settings: Settings) -> str:
    """Model version of the encoder the settings name, without loading it."""
    if settings.encoder == "hashing":
        return HashingEncoder.model_version
    return MiniLmEncoder.int8_version if settings.encoder == INT8 else MiniLmEncoder.model_version


def worker_count(threads: int) -> int:
    """Threads that encode at once: threads, or one a core this process may use where it is 0."""
    return threads or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


class MiniLmEncoder:
    """all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019): 384 numbers from at most 256 tokens.

    directory holds the verified files. One call of encode uses one thread: workers that call at once measured faster
    than one call on several threads, which loses its gain in waiting for the slowest at every matrix product.
    int8 trades some likeness to the trained model for speed, under a model version of its own.
    """

    dimension = 384
    max_tokens = 256
    model_version = f"{MODEL_NAME}-{WEIGHTS.sha256[:8]}-{max_tokens}"
    int8_version = f"{model_version}-int8"  # the two precisions never share vectors
    _CLS, _SEP = 101, 102
    _HEAD = 4096  # characters; three times what 256 tokens of English take
    _MOST = 16_384  # characters that are ever read of a text; bounds what a caller can cost
    _WORD = 100  # tokens a word has at most; a longer one is one unknown token

    def __init__(self, directory: Path, *, int8: bool = False) -> None:
        from tokenizers import Tokenizer

        if int8:
            self.model_version = self.int8_version
        self._tokenizer = Tokenizer.from_file(str(directory / TOKENIZER.name))
        self._tokenizer.no_padding()  # the file asks for padding and truncation to 128
        self._tokenizer.no_truncation()
        # The real path: a model cache may link to files under other names, and onnxruntime follows no links.
        self._session = _open_session((directory / WEIGHTS.name).resolve(), int8)

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Tokens of each text, [CLS] and [SEP] around them."""
        heads = [text[: self._HEAD] for text in texts]
        room = self.max_tokens - 2
        tokens = []
        encodings = self._tokenizer.encode_batch_fast(heads, add_special_tokens=False) if heads else []
        for text, head, encoding in zip(texts, heads, encodings, strict=True):
            ids, read = encoding.ids, len(head)
            # Where the head ends a word may be cut, and then its tokens, the last ones, are not those of the word.
            if len(ids) < room + self._WORD and read < len(text):
                ids, read = self._tokenizer.encode(text[: self._MOST], add_special_tokens=False).ids, self._MOST
            truncated = len(ids) > room or read < len(text)
            tokens.append(TokenizedText((self._CLS, *ids[:room], self._SEP), truncated))
        return tokens

    def encode(self, batch: Sequence[TokenizedText]) -> npt.NDArray[np.float32]:
        """Vectors (len(batch), 384), float32, L2 norm 1."""
        if not batch:
            return np.zeros((0, self.dimension), dtype=np.float32)
        lengths = np.array([len(text.token_ids) for text in batch])
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.zeros_like(mask)
        ids[mask == 1] = np.concatenate([text.token_ids for text in batch])
        vectors = self._session.run(["vectors"], {"input_ids": ids, "attention_mask": mask})[0]
        return np.asarray(vectors, dtype=np.float32)


class HashingEncoder:
    """Words and pairs of neighbouring words, hashed with signs into 64 numbers (Weinberger et al. 2009).

    Needs no files and takes microseconds, so tests use it; texts that share words are alike, nothing more.
    """

    dimension = 64
    max_tokens = 256
    model_version = "hashing-64-v1"
    _TOKEN = re.compile(r"\w+|[^\w\s]")

    def tokenize(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Hashes of the words and marks of each text; a text of white space alone is one token, 0."""
        tokens = []
        for text in texts:
            words = [match.group() for match, _ in zip(self._TOKEN.finditer(text.lower()), range(257), strict=False)]
            hashes = tuple(zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words) or (0,)
            tokens.append(TokenizedText(hashes[: self.max_tokens], truncated=len(hashes) > self.max_tokens))
        return tokens

    def encode(self, batch: Sequence[TokenizedText]) -> npt.NDArray[np.float32]:
        """Vectors (len(batch), 64), float32, L2 norm 1."""
        vectors = np.zeros((len(batch), self.dimension), dtype=np.float32)
        for vector, text in zip(vectors, batch, strict=True):
            words = np.array(text.token_ids, dtype=np.uint64)
            features = _mixed(np.concatenate([words, words[:-1] * np.uint64(31) + words[1:]]))
            signs = np.where(features >> np.uint64(63), np.float32(1), np.float32(-1))
            np.add.at(vector, (features % np.uint64(self.dimension)).astype(np.intp), signs)
            if not vector.any():  # every sign met its opposite
                vector[int(features[0]) % self.dimension] = 1
            vector /= np.linalg.norm(vector)
        return vectors


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele et al. 2014): every input bit moves every output bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _open_session(weights: Path, int8: bool) -> Any:
    import onnxruntime

    from cocite.embedding.onnx_graph import build_graph

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # remembers a plan for every shape it meets; here every batch has its own
    options.log_severity_level = 3  # errors
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights.parent))
    return onnxruntime.InferenceSession(build_graph(weights, int8=int8), options, providers=["CPUExecutionProvider"])
