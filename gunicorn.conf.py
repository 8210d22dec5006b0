"""How gunicorn serves the portal. GUNICORN_CMD_ARGS overrides any of it for a deployment."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT', '5000')}"
worker_class = "gthread"
threads = 8
# One process is enough for a trial; production sets --workers.
workers = 1
control_socket_disable = True
# A directory's own cursor, sealed, is part of the next page's address.
limit_request_line = 8190
