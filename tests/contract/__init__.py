"""Every backend against the one suite, with its real engine."""

import pytest

pytest.register_assert_rewrite("quarterdeck.testing")
