"""A strict, runnable stand-in for Entra ID: its token endpoint and the parts of Graph we use.

It is written from the integration contract, never from a connector: beside each rule stands the
section of the contract it comes from, with the contract's mark ("[D]" documented, "[C]" seen in
the code of a working tool, "[O]" observed in public, "[I]" inferred, "[U]" unknown). Rules that
are only inferred or unknown have a switch in `emulators.entra.variants`, so that both ways can be
tried.

Run it with ``python -m emulators.entra``; in tests use `emulators.entra.running.running`.
"""
