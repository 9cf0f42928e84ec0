"""From a corpus to a model without a learned ranker: factors, text neighbours, and everything in its place."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cocite.recommender.bundle import Bundle
from cocite.training.als import factorise
from cocite.training.corpus import Corpus
from cocite.training.indexes import index_of
from cocite.training.matrices import interaction_matrix
from cocite.training.model import Model, assemble
from cocite.training.options import TrainingOptions
from cocite.training.progress import Progress, silent
from cocite.training.text_neighbours import NeighbourTable, text_neighbours
from cocite.training.vectors import TextVectors


@dataclass(frozen=True, slots=True)
class Material:
    """A corpus and what follows from its texts alone, the same whatever links are hidden."""

    corpus: Corpus
    text: TextVectors
    neighbours: NeighbourTable
    text_index: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, corpus: Corpus, text: TextVectors, progress: Progress = silent) -> "Material":
        """Finds the text neighbours, and makes the index of the vectors."""
        neighbours = text_neighbours(text.vectors, corpus.words.weights, progress)
        return cls(corpus, text, neighbours, index_of(text.vectors, corpus.citations, progress=progress))

    def seeing(self, corpus: Corpus) -> "Material":
        """The same papers with other links."""
        return replace(self, corpus=corpus)


def fit(material: Material, options: TrainingOptions, progress: Progress = silent) -> Model:
    """The model of the material, its candidates fused by rank."""
    corpus = material.corpus
    interactions = interaction_matrix(corpus.citations, corpus.libraries)
    factorisation = factorise(interactions, corpus.words.weights, options.als, options.seed, progress)
    return assemble(corpus, factorisation, material.text, material.neighbours, material.text_index, options.seed)


def loaded(model: Model) -> Bundle:
    """The model as serving sees it, without a way over the disk."""
    return Bundle.of(Path(), model.manifest, model.arrays)
