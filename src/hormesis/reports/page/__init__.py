"""The parts of the HTML page; :mod:`hormesis.reports.html` puts them together."""
