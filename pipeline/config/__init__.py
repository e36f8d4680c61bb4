"""The configuration: the sections of luigi.cfg, their checks, and which luigi.cfg is read."""

from pipeline.config import location

location.install()

from pipeline.config.sections import SECTIONS, Settings  # noqa: E402
from pipeline.config.settings import Overrides, load, override  # noqa: E402

__all__ = ["SECTIONS", "Overrides", "Settings", "load", "override"]
