"""A strict, runnable stand-in for Ory: Kratos' admin and public API, and a little of Hydra.

It is written from the integration contract, never from a connector: beside each rule stands the
section of the contract it comes from, with the contract's mark ("[K]" seen in Kratos' code, "[W]"
in go-webauthn's, "[D]" documented, "[I]" inferred, "[U]" unknown). Rules that are only inferred or
unknown have a switch in `emulators.ory.variants`, so that both ways can be tried.

Run it with ``python -m emulators.ory``; in tests use `emulators.ory.running.running`.
"""
