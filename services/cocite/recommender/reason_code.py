"""Reasons as few bytes (reason_encoder.py): what related lists keep, and answers are written from (page_writer.py).

Of each result the number of its reasons, then each of them:

- a byte, the number of the evidence's field in cocite.v1.Reason, plus 16 for each argument at its end;
- the seed's place in the list of seeds plus one, 0 for none;
- a count; of a direct citation 1 where the seed cites the result; of likeness of texts the cosine instead, float32,
  little-endian; of shared terms nothing;
- the arguments: rows of the papers shown, or places of the terms.

Numbers are of base 128 as in protobuf. The 1,000,000th row takes three bytes, its id twenty or more.
"""

SHARED_REFERENCES, CO_CITATION, DIRECT_CITATION, TEXT_LIKENESS, POPULARITY = 2, 3, 4, 5, 6
CITED_WITH_REFERENCES, SHARED_READERS, SHARED_TERMS = 7, 8, 9
ARGUMENT = 16  # what each adds to the first byte
