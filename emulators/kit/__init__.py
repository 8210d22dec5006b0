"""What every emulated directory needs beside its own rules. Knows no vendor.

An emulator is built from it in five places:

- **The emulator**: a subclass of `emulator.Emulator` with the vendor's state. It brings the
  movable clock (`now()`, `forward(seconds)`), `store` (documents and unique claims in one SQLite
  file, or in memory), `variants` (switches for doubtful rules), `faults`, `recorder`,
  `write_connection({...})` (`connection.json`, mode 0600) and `close()`. The subclass says its own
  `reset()`.
- **What it masks**: a `recorder.Masks` with the header and field names whose values are secret and
  the form of its tokens, given to the emulator.
- **The app**: a Flask app below an `edge.Edge(app, emulator, face)`, which records each request,
  applies faults and cuts connections. A subclass overrides `guarded` for the vendor's own limits.
- **Control**: `control.Control(emulator)` is the Python side (fail, html, redirect, drop, delay,
  hold, release, vary, forward, requests, reset, …); `control_api.control_api(control)` makes the
  routes below `/_emulator/`, for local programs only. A vendor subclasses the one and adds routes
  to the other, with `control_api.body()` and `control_api.done()`.
- **Running**: `serving.serving(app, port)` serves it in threads on loopback, and
  `program.stop_signal()` is an event that SIGINT or SIGTERM sets.
"""
