"""The files of a dataset: rows, manifest and card, and a reader of finished datasets."""
