"""Floor 3: a server that Toxiproxy's clients cannot tell from Toxiproxy, and that does more.

``http_server`` speaks HTTP, ``router`` finds the operation, ``api`` performs it on ``proxies``,
``toxic_types`` says what Toxiproxy's toxics are here, ``go_json`` and ``go_address`` read and write
the way Go's standard library does, because clients compare texts.
"""
