"""Commands that take a trained model out of its run: `rlcf merge`, `rlcf push`."""
