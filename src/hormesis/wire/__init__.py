"""HTTP/1.1 connections and a recorder for load: pure Python, and the same compiled."""
