"""A changed rule is a proposal: replayed on stored history, seen by two people, signed by the second."""
