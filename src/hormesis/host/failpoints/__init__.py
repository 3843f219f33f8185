"""What is put on the module path of a Python service so that one of its functions fails.

``sitecustomize.py`` here runs inside the service, before its program; it imports nothing of ours.
"""
