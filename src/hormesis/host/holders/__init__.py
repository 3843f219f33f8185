"""Holders: programs whose life is a fault; undo is ending them."""
