"""The files of a finished dataset: manifest, card, rows, and how they are read again."""
