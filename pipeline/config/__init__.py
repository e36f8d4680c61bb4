"""The configuration: the sections of luigi.cfg, their checks, and which luigi.cfg is read."""

from pipeline.config.sections import SECTIONS, Settings
from pipeline.config.settings import Overrides, load, override

__all__ = ["SECTIONS", "Overrides", "Settings", "load", "override"]
