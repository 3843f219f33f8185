"""A file system that passes everything through to a folder, and obeys rules that make it fail."""
