"""What the user wrote: the sections of luigi.cfg, their checks, and which luigi.cfg is read."""
