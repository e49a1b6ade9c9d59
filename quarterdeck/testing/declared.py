"""Checks of what a backend says about itself, without opening a connection."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

from backends.contract.model import Ability, ConnectionSpec, Discovery, Kind, Resource, ResourceId, Source, State
from backends.contract.operation import Effect, Operation, ParameterType, verbs_by_id
from backends.contract.session import Backend
from quarterdeck.testing.ground import BareContext, Ground, round_trips

FIELDS = frozenset(field for field in Resource.__struct_fields__) | {"connection", "kind", "native"}
_PROBE = """
import importlib, sys
module, _, name = sys.argv[1].partition(":")
backend = getattr(importlib.import_module(module), name)
backend.id, backend.title, list(backend.kinds), list(backend.operations)
found = [name for name in sys.argv[2:] if name in sys.modules]
sys.exit(f"imported {', '.join(found)}" if found else 0)
"""


class DeclaredContract(Ground):
    """Kinds, columns, metrics and operations fit together."""

    def test_kinds_have_unique_ids_and_name_themselves(self, backend: Backend) -> None:
        """Two kinds of one id would be merged by the catalogue."""
        ids = [kind.id for kind in backend.kinds]
        assert ids
        assert len(ids) == len(set(ids))
        assert all(kind.title and kind.plural and kind.columns for kind in backend.kinds)

    def test_columns_refer_to_what_their_kind_declares(self, backend: Backend) -> None:
        """A column of an undeclared metric or field would stay empty for ever."""
        for kind in backend.kinds:
            metrics = {metric.id for metric in kind.metrics}
            for column in kind.columns:
                key = column.key or column.id
                if column.source in (Source.METRIC, Source.HISTORY):
                    assert key.partition("/")[0] in metrics, f"{kind.id}: column {column.id} has no metric {key}"
                elif column.source is Source.FIELD:
                    assert key in FIELDS, f"{kind.id}: column {column.id} names no field: {key}"

    def test_columns_and_metrics_have_unique_ids_and_the_first_sort_is_a_column(self, backend: Backend) -> None:
        """Ids are what settings and sort orders remember."""
        for kind in backend.kinds:
            columns = Counter(column.id for column in kind.columns)
            metrics = Counter(metric.id for metric in kind.metrics)
            assert max(columns.values()) == 1, f"{kind.id}: {columns}"
            assert not metrics or max(metrics.values()) == 1, f"{kind.id}: {metrics}"
            assert kind.sort.removeprefix("-") in columns, f"{kind.id} sorts by {kind.sort}"
            assert {metric.limit for metric in kind.metrics if metric.limit} <= set(metrics)

    def test_operations_belong_to_declared_kinds_and_to_the_verbs(self, backend: Backend) -> None:
        """Operations are the data of the verbs, no more and no less."""
        verbs = verbs_by_id(backend.verbs())
        operations = {operation.id: operation for operation in backend.operations}
        assert operations == {name: verb.operation for name, verb in verbs.items()}
        assert len(operations) == len(backend.operations)
        assert {operation.kind for operation in backend.operations} <= self.kinds(backend)

    def test_keys_of_a_kind_are_unique_outside_groups(self, backend: Backend) -> None:
        """Operations that share a key have to share a group, because then they never apply at once."""
        by_key: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        for operation in backend.operations:
            if operation.key and not operation.hidden:
                by_key[operation.kind, operation.key].append(operation)
        for (kind, key), sharing in by_key.items():
            groups = {operation.group for operation in sharing}
            alone = len(sharing) == 1 or (len(groups) == 1 and "" not in groups)
            assert alone, f"{kind}: key {key} is shared by {[operation.verb for operation in sharing]}"

    def test_no_plain_letter_destroys(self, backend: Backend) -> None:
        """What destroys is a capital and a plan."""
        for operation in backend.operations:
            plain = len(operation.key) == 1 and operation.key.islower()
            assert not (plain and operation.effect is Effect.DESTROY), operation.id

    def test_refusals_are_sentences_about_the_resource(self, backend: Backend) -> None:
        """A refusal with a wrong placeholder would fail just when somebody asks why."""
        for operation in backend.operations:
            identity = ResourceId("here", operation.kind, "x")
            resource = Resource(id=identity, name="{odd} name", state=State.STOPPED, status="{gone}")
            reason = operation.blocked(resource)
            if operation.needs is Ability.NONE:
                assert reason is None
                continue
            assert reason is not None
            assert reason.endswith("."), reason

    def test_parameters_have_unique_ids_and_fitting_defaults(self, backend: Backend) -> None:
        """An untouched form has to be valid as far as nothing is required."""
        for operation in backend.operations:
            ids = [parameter.id for parameter in operation.parameters]
            assert len(ids) == len(set(ids)), operation.id
            for parameter in operation.parameters:
                if parameter.type is ParameterType.CHOICE:
                    assert parameter.choices, f"{operation.id}: {parameter.id} has no choices"
                    assert parameter.default is None or parameter.default in parameter.choices

    def test_what_is_declared_crosses_the_socket(self, backend: Backend) -> None:
        """The interface is another process and gets kinds and operations encoded."""
        assert round_trips(tuple(backend.kinds), tuple[Kind, ...])
        assert round_trips(tuple(backend.operations), tuple[Operation, ...])

    def test_discovery_finds_connections_of_this_backend(self, backend: Backend, tmp_path: Path) -> None:
        """Looking around opens nothing and may find nothing, but what it finds is named once."""
        found: Discovery = backend.discover(BareContext(tmp_path))
        specs: tuple[ConnectionSpec, ...] = found.connections
        assert {spec.backend for spec in specs} <= {backend.id}
        assert len({spec.id for spec in specs}) == len(specs)
        assert round_trips(found)

    async def test_importing_the_backend_imports_no_sdk(self) -> None:
        """An SDK costs up to seconds, and only a connection that opens may pay them."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROBE,
            self.entry,
            *self.forbidden,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},  # noqa: PTH109 - an empty entry of sys.path means just that
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(self.patience):
            _, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode(errors="replace")
