"""The one place that reads Java: tokens, trees, lines, types, literals, and small changes to a program."""
