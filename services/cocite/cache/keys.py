"""Names of the values in Redis: namespace, kind, version, then the id, which may hold colons itself."""

from dataclasses import dataclass

PAPER_VERSION = 2  # of what a cached paper holds: raise it with each change to cocite.v1.Paper or to how it is filled

TRENDING_VERSION = 1  # of the sums and their formula: raise it with each change to feeds/trending that changes either


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys under one namespace."""

    namespace: str

    def paper(self, paper_id: str) -> str:
        """Key of the paper that a canonical id or alias means."""
        return f"{self.namespace}:paper:{PAPER_VERSION}:{paper_id}"

    def answer(self, release: str, model: str, digest: str) -> str:
        """Key of the answer that a release of the recommender gave by a model, digest being that of the question."""
        return f"{self.namespace}:answer:{release}:{model}:{digest}"

    def reader_tag(self, reader: str) -> str:
        """Key of what changes with each event of a reader, reader being the digest of a name."""
        return f"{self.namespace}:reader:{reader}"

    def feed_head(self, reader: str) -> str:
        """Key of what tells which list a reader's feed is."""
        return f"{self.namespace}:feed:{reader}"

    def feed_list(self, reader: str, place: int) -> str:
        """Key of one of the few lists that are kept of a reader."""
        return f"{self.namespace}:feed:{reader}:{place}"

    def trending(self, part: str) -> str:
        """Key of a part of what trending counts; all in one slot of a Cluster, for scripts that use several."""
        return f"{self.namespace}:{{trending}}:{TRENDING_VERSION}:{part}"

    def vector(self, model_version: str, key: str) -> str:
        """Key of a vector that a model of that version made."""
        return f"{self.namespace}:vector:{model_version}:{key}"
