"""One suite that every backend passes against its real engine, ours and those of third parties.

Subclass :class:`BackendContract` in a test module and provide three fixtures::

    class TestMine(BackendContract):
        entry = "my_package:BACKEND"
        forbidden = ("my_sdk",)

        @pytest.fixture
        async def session(self, backend: Backend, tmp_path: Path) -> AsyncIterator[Session]:
            session = await backend.open(SPEC, BareContext(tmp_path))
            yield session
            await session.close()

        @pytest.fixture
        async def specimen(self, session: Session) -> Resource: ...

It needs pytest-asyncio in ``auto`` mode. A check is skipped only when the session lacks the protocol it is about.
"""

from __future__ import annotations

import pytest

# Failures show what was compared only if pytest rewrites these modules, and it does so when they are first imported.
_CHECKS = ("declared", "ground", "life", "listed", "planned", "programs", "streams")
pytest.register_assert_rewrite(*(f"quarterdeck.testing.{name}" for name in _CHECKS))

from quarterdeck.testing.suite import BackendContract, BareContext, Gaze, Ground, Heard  # noqa: E402 - see above

__all__ = ["BackendContract", "BareContext", "Gaze", "Ground", "Heard"]
