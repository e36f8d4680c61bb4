"""Measures what a dataset is worth: tunes a model on it, evaluates it, compares arms, and aligns again."""
