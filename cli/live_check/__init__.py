"""`script/live-check DIRECTORY`: run a connector against a real tenant or a server of one's own.

Every part of the connector that the portal uses is tried and told by name. Where the directory
takes identities, a throwaway person is made, given a passkey, and removed again; elsewhere nothing
is written. Settings and secrets come from the environment (`LIVE_CHECK_…`) or are asked for, never
from arguments, which other users of the machine can read.
"""
