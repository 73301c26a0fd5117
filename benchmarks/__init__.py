"""Each file measures one claim against a peer, side by side in one run."""
