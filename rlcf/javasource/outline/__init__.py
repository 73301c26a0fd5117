"""What a text declares, read from tokens: for text that is Java in parts, cut off, or wrapped in prose."""

from rlcf.javasource.outline.items import Item, mentioned, outline
from rlcf.javasource.outline.scan import Token, scan

__all__ = ["Item", "Token", "mentioned", "outline", "scan"]
