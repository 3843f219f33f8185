"""Floor 4: plays a timeline and writes one history. Everything here runs on one asyncio loop."""
