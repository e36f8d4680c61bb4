"""What the user wrote: the sections of luigi.cfg, their checks, and which luigi.cfg is read."""

from pipeline.config.settings import SECTIONS, Settings, load

__all__ = ["SECTIONS", "Settings", "load"]
