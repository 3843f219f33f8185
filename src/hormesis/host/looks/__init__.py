"""How to look: one module for each look of the vocabulary in ``words/look.py``."""
