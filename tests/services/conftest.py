"""Services hold on SQLite and on PostgreSQL, so every test with a portal runs on both."""

from __future__ import annotations

import pytest

import config
from config import Settings


@pytest.fixture
def settings(tmp_path, any_database_url) -> Settings:
    return config.load({}, data_dir=tmp_path / "instance", database_url=any_database_url)
