"""The rows that one turn writes, taken from the database and written again with new keys: what a turn cannot do without."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' AND a.atttypid = 'int8'::regtype
     WHERE c.relkind = 'r' AND (n.nspname = %(schema)s OR (n.nspname = 'public' AND EXISTS (
           SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')))
"""
_FOREIGN = """
    SELECT a.attname, f.nspname || '.' || c.relname FROM pg_constraint k
      JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace f ON f.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
     WHERE k.contype = 'f' AND k.conrelid = %s::regclass
"""
_UNIQUE = """
    SELECT DISTINCT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
     WHERE i.indrelid = %s::regclass AND i.indisunique AND a.attname <> 'id'
       AND a.atttypid IN ('varchar'::regtype, 'text'::regtype)
"""
_JSON = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND atttypid = 'jsonb'::regtype"


@dataclass(frozen=True)
class Table:
    """New rows of one table. `foreign` names the table that a column points to; `fresh` columns must not repeat."""

    name: str
    statement: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]
    foreign: Mapping[str, str]
    fresh: frozenset[str]

    def values(self, keys: Mapping[tuple[str, Any], int]) -> list[Any]:
        """Return the parameters of one statement for all rows; `keys` holds the new keys of rows written before."""
        made: list[Any] = []
        for _, row in self.rows:
            for column, value in zip(self.columns, row, strict=True):
                if column in self.fresh and value:
                    value = f"{str(value).partition('-')[0][:6]}-{secrets.token_hex(12)}"
                elif column in self.foreign:
                    value = keys.get((self.foreign[column], value), value)
                made.append(value)
        return made


def written_by(raw: "psycopg.Connection[Any]", schema: str, act: Callable[[], None]) -> list[Table]:
    """Return the rows that `act` adds for a tenant, tables in an order that their foreign keys allow."""
    names = [f"{space}.{name}" for space, name in raw.execute(_TABLES, {"schema": schema}).fetchall()]
    before = {name: _last(raw, name) for name in names}
    act()
    # What is written after the answer (usage, metrics) is part of the turn as well.
    time.sleep(1.0)
    grown = [name for name in names if _last(raw, name) > before[name]]
    return _ordered([_table(raw, name, before[name]) for name in grown])


def _identifier(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _last(raw: "psycopg.Connection[Any]", name: str) -> int:
    row = raw.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(_identifier(name))).fetchone()
    return int(row[0]) if row else 0


def _table(raw: "psycopg.Connection[Any]", name: str, after: int) -> Table:
    json = {row[0] for row in raw.execute(_JSON, [name]).fetchall()}
    with raw.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL("SELECT * FROM {} WHERE id > %s ORDER BY id").format(_identifier(name))
        found = cursor.execute(query, [after]).fetchall()
    columns = tuple(column for column in found[0] if column != "id")
    rows = tuple(
        (row["id"], tuple(Jsonb(row[name]) if name in json else row[name] for name in columns))
        for row in found
    )
    places = sql.SQL(", ").join(
        sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(columns))) for _ in rows
    )
    statement = sql.SQL("INSERT INTO {} ({}) VALUES {} RETURNING id").format(
        _identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns)), places
    )
    return Table(
        name=name,
        statement=statement.as_string(raw),
        columns=columns,
        rows=rows,
        foreign=dict(raw.execute(_FOREIGN, [name]).fetchall()),
        fresh=frozenset(row[0] for row in raw.execute(_UNIQUE, [name]).fetchall()),
    )


def _ordered(tables: Sequence[Table]) -> list[Table]:
    waiting, ordered = list(tables), list[Table]()
    while waiting:
        names = {table.name for table in waiting}
        free = [table for table in waiting if not (set(table.foreign.values()) - {table.name}) & names]
        if not free:
            raise ValueError(f"tables point at each other in a circle: {sorted(names)}")
        ordered += free
        waiting = [table for table in waiting if table not in free]
    return ordered
