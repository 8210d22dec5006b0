"""Connectors: one file for each directory, behind the protocol in `directories.base`."""
