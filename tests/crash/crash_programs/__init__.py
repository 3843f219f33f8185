"""Programs that the crash tests start: an engine, a holder, a one-shot program."""
