"""`python -m config NAME`: print one setting, or say what is wrong with the settings."""

import sys

from pydantic import SecretStr

from config.settings import ConfigurationError, load


def main(names: list[str]) -> int:
    """Print the named settings, a line each; 2 when the settings do not add up."""
    try:
        settings = load()
    except ConfigurationError as error:
        print(f"Latchkey cannot start. {error}", file=sys.stderr)
        return 2
    for name in names:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            raise SystemExit(f"{name} is a secret")
        print(value)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
