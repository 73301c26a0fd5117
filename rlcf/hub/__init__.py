"""A run's model as it is published: a folder with weights, tokenizer, card, recipe and evaluation rows, and
its upload to the Hugging Face hub.

Not covered: what a hub shows of a card, and the licences of a base model, which its own card states.
"""

from rlcf.hub.folder import Published, write_model_folder
from rlcf.hub.upload import upload

__all__ = ["Published", "upload", "write_model_folder"]
