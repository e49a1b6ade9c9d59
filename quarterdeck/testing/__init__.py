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

It needs pytest-asyncio in ``auto`` mode. A check is skipped only when the session lacks the protocol it is about. To
see compared values in failures, call ``pytest.register_assert_rewrite("quarterdeck.testing")`` before importing this.
"""

from __future__ import annotations

from quarterdeck.testing.declared import DeclaredContract
from quarterdeck.testing.ground import BareContext, Gaze, Ground, Heard
from quarterdeck.testing.life import LifeContract
from quarterdeck.testing.listed import ListedContract
from quarterdeck.testing.planned import PlannedContract
from quarterdeck.testing.programs import ProgramContract
from quarterdeck.testing.streams import StreamContract

__all__ = ["BackendContract", "BareContext", "Gaze", "Ground", "Heard"]


class BackendContract(DeclaredContract, ListedContract, StreamContract, ProgramContract, PlannedContract, LifeContract):
    """What every backend must do."""
