"""A strict, runnable stand-in for PingOne: the token endpoint and the worker's part of the API.

It is written from the integration contract, never from a connector: beside each rule stands the
section of the contract it comes from ("pingone.md"), with the contract's mark ("[D …]" documented
by Ping, "[C …]" seen in Ping's code, "[3P …]" seen at third parties, "[I]" inferred, "[U]"
unknown). Where the contract is silent, that is said. Rules that are inferred, unknown or
contradicted have a switch in `emulators.pingone.variants`, so that both ways can be tried.

What the contract does not name comes from two pages of Ping's documentation:

- [D GRP] developer.pingidentity.com/pingone-api/platform/groups.html (who reads groups) and
  .../platform/groups/read-all-groups.html (its filter and limit);
- [D QPR] developer.pingidentity.com/pingone-api/platform/reference/query-parameter-quick-reference
  (which attributes lists filter by), [D SCIM2] docs.pingidentity.com/pingone/directory/
  p1_scim_filter_language.html (the newer page on filters) and [D CONV] apidocs.pingidentity.com/
  pingone/devguide/v1/api/src/reference/conventions (405 for a method that is not there).

Run it with ``python -m emulators.pingone``; in tests use `emulators.pingone.running.running`.
"""
