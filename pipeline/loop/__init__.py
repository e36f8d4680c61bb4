"""What a dataset is worth: tune a model on it, evaluate it, compare, and align again."""
