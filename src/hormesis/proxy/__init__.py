"""Floor 3: the TCP proxy, a process of its own whose toxics shape live connections.

``config`` says what it serves, ``link`` is one proxied address, ``connection`` one pair of sockets,
``side`` one of them and where bytes pass untouched, ``wire_loop`` the event loop below it all,
``chain`` the pure pipeline of toxics in one direction, ``tally`` what a toxic really did,
``control`` the socket by which toxics come and go.
"""
