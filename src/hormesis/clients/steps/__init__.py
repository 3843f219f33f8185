"""The parts of the ``http`` client: templates, steps, and the virtual user that plays them."""
