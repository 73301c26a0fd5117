"""What training stands on: processes, modules, optimisers, checkpoints, the run folder, the console."""
