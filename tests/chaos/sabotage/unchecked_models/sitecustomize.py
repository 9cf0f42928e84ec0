"""Models are believed, whatever is in their files."""

from cocite.recommender import bundle

bundle._verify = lambda directory, manifest, arrays: None
