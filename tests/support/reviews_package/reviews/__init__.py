"""A package that adds a stage, a source and a form of export to the pipeline, by entry points."""
