"""The N applications of "1+4+N"; they do not see one another."""
