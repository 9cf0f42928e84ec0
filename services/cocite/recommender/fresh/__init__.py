"""Papers that came since the model was trained: recommended from, and recommendable, without training again."""
