"""The administrator's pages, made from the declarations and dressed by Unfold."""
