"""One SELECT for each table: rows of before as ours takes them, and what happened to each value.

It is built in layers, each a SELECT over the one below: values converted; empty and forbidden ones
replaced by defaults; references and unique values settled.  Beside the columns it gives a boolean
column for each thing that can happen to a row, counted by the plan, and ``"?stays"``: the row
cannot come over.  The plan and the move run the same text, between other schemas.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from linkedin_pipeline.database.adoption_catalog import Column, Table
from linkedin_pipeline.database.adoption_rules import (
    ALWAYS,
    COMPUTED,
    CONVERSIONS,
    FILLED,
    MISSING,
    NOTED,
    STATES_OF,
)

_TEXTS = {"text", "character varying", "character", "name"}
_LIST = "jsonb_typeof({}) = 'array'"


def quoted(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(slots=True)
class RowsOf:
    """The SELECT of one table between schema ``source`` and schema ``target``.

    ``kept`` names the tables whose ids that come over stand in a temporary table ``kept_NAME``.
    After ``build``: ``events`` are the things that can happen with the boolean column of each,
    ``columns`` what the SELECT gives to our table, ``extra`` the columns that ours gets of theirs.
    """

    source: str
    target: str
    old: Table
    ours: Table
    kept: set[str]
    columns: list[str] = field(default_factory=list)
    extra: list[Column] = field(default_factory=list)
    events: dict[str, str] = field(default_factory=dict)
    _stays: list[str] = field(default_factory=list)

    def build(self) -> str:
        """Return the SELECT."""
        ours = self.ours.columns.values()
        wanted = [column for column in ours if not column.generated]
        self.columns = [column.name for column in wanted]
        self.extra = [
            column for name, column in self.old.columns.items() if name not in self.ours.columns
        ]
        passed = [quoted(column.name) for column in self.extra]
        settled = self._settled(self._filled(self._converted(wanted, passed), wanted, passed))
        last = {**{name: quoted(name) for name in self.columns}}
        for (table, name), expression in COMPUTED.items():
            if table == self.ours.name:
                last[name] = expression
        outer = [f"{value} as {quoted(name)}" for name, value in last.items()]
        events = [quoted(event) for event in self.events]
        stays = " or ".join(quoted(event) for event in self._stays) or "false"
        listed = ", ".join([*outer, *passed, *events, f'({stays}) as "?stays"'])
        return f"select {listed} from ({settled}) as settled"

    def _event(self, what: str, *, stays: bool = False) -> str:
        name = f"?{len(self.events) + 1}"
        self.events[name] = what
        if stays:
            self._stays.append(name)
        return name

    def _converted(self, wanted: list[Column], passed: list[str]) -> str:
        parts = [f"s.{name}" for name in passed]
        for column in wanted:
            value, lossy = self._value(column)
            parts.append(f"{value} as {quoted(column.name)}")
            if lossy:
                vector = column.type == "vector"
                event = self._event(
                    f"{column.name} cannot serve (no model named, or not 1536 numbers): made again"
                    if vector
                    else f"{column.name} could not be read: left empty, or the default"
                )
                parts.append(
                    f"(s.{quoted(column.name)} is not null and {value} is null) as {quoted(event)}"
                )
        text = f"select {', '.join(parts)} from {self.source}.{quoted(self.old.name)} s"
        if self.ours.name == "scheduled_post_accounts":
            text += (
                f" left join {self.source}.scheduled_posts p "
                "on p.id::text = s.scheduled_post_id::text"
            )
        return text

    def _value(self, column: Column) -> tuple[str, bool]:
        key = (self.ours.name, column.name)
        theirs = self.old.columns.get(column.name)
        kind = self._type(column)
        if key in ALWAYS:
            return self._always(ALWAYS[key]), False
        if theirs is None:
            return MISSING.get(key, f"null::{kind}"), False
        text = f"s.{quoted(column.name)}::text"
        if key in CONVERSIONS:
            return self._typed(CONVERSIONS[key].format(c=text), column), True
        if column.name == "embedding" and "embedding_model" in self.ours.columns:
            model = self.old.columns.get("embedding_model")
            known = "null" if model is None else "pg_temp.model(s.embedding_model::text)"
            return (f"case when {known} is not null then pg_temp.usable_vector({text}) end"), True
        if column.name == "embedding_model":
            return f"pg_temp.model({text})", True
        return self._plain(column, theirs, text)

    def _plain(self, column: Column, theirs: Column, text: str) -> tuple[str, bool]:
        kind = self._type(column)
        if column.type == "jsonb":
            if any(_LIST.format(column.name) in check for _, check in self.ours.checks):
                source = f"to_jsonb({text[:-6]})::text" if theirs.category == "A" else text
                return f"pg_temp.json_list({source})", True
            return f"pg_temp.json_of({text})", True
        if theirs.type == column.type and theirs.full_type == column.full_type:
            return text[:-6], False
        if column.type in _TEXTS:
            return text, False
        if column.type.endswith("[]") and column.element == "text":
            return f"pg_temp.texts({text})", False
        if column.type in {"integer", "smallint", "bigint"} and theirs.category == "N":
            text = f"round({text[:-6]}::numeric)::text"
        return f"pg_temp.converted({text}, null::{kind})", True

    def _always(self, expression: str) -> str:
        def old(name: str, alias: str = "s") -> str:
            has = alias == "p" or name in self.old.columns
            return f"{alias}.{quoted(name)}::text" if has else "null::text"

        state = self.ours.columns.get("status")
        enum = self._type(state) if state else "text"
        return expression.format(
            status=old("status"), error=old("error_message"), plan=old("status", "p"), enum=enum
        )

    def _typed(self, value: str, column: Column) -> str:
        return value if column.type in {"text", "jsonb", "vector"} else f"({value})::{column.type}"

    def _type(self, column: Column) -> str:
        """Name a type of ours, which is in the target schema when it is an enum."""
        if column.category == "E":
            return f"{self.target}.{quoted(column.element)}"
        return column.type

    def _filled(self, below: str, wanted: list[Column], passed: list[str]) -> str:
        parts = [*passed, *(quoted(event) for event in self.events)]
        bad: dict[str, list[str]] = {}
        for names, check in self.ours.checks:
            event = self._event(f"{' and '.join(names)} not allowed by ours: the default instead")
            parts.append(f"not coalesce({check}, true) as {quoted(event)}")
            for name in names:
                bad.setdefault(name, []).append(check)
        for column in wanted:
            name = quoted(column.name)
            value = FILLED.get((self.ours.name, column.name), name)
            if column.name in bad:
                allowed = " and ".join(f"coalesce({check}, true)" for check in bad[column.name])
                value = f"case when {allowed} then {value} end"
            if column.default is not None:
                value = f"coalesce({value}, {column.default})"
            elif column.required:
                event = self._event(f"no {column.name}: stays aside", stays=True)
                parts.append(f"({value} is null) as {quoted(event)}")
            parts.append(f"{value} as {name}")
        return f"select {', '.join(parts)} from ({below}) as converted"

    def _settled(self, below: str) -> str:
        below = self._referring(below)
        changed: dict[str, str] = {}
        events: list[str] = []
        order = self._preference()
        for names in self.ours.uniques:
            if not set(names) <= set(self.columns):
                continue
            keys = ", ".join(quoted(name) for name in names)
            given = " and ".join(f"{quoted(name)} is not null" for name in names)
            what = f"another row has the same {' and '.join(names)}: "
            name = names[0]
            if len(names) == 1 and name == "name":
                event = self._event(what + "renamed and switched off")
                changed["name"] = (
                    f"case when {quoted(event)} then name || ' (duplicate ' || left(id::text, 8) "
                    "|| ')' else name end"
                )
                changed["is_active"] = f"is_active and not {quoted(event)}"
            elif len(names) == 1 and not self.ours.columns[name].required:
                event = self._event(what + "comes over without it")
                changed[name] = f"case when not {quoted(event)} then {quoted(name)} end"
            else:
                event = self._event(what + "stays aside", stays=True)
            events.append(
                f"({given} and row_number() over (partition by {keys} order by {order}) > 1) "
                f"as {quoted(event)}"
            )
        for noted, what in NOTED.get(self.ours.name, {}).items():
            events.append(f"coalesce({noted}, false) as {quoted(self._event(what))}")
        inner = f"select *{''.join(', ' + event for event in events)} from ({below}) as referring"
        names_of_all = [*self.columns, *(column.name for column in self.extra), *self.events]
        parts = [f"{changed.get(name, quoted(name))} as {quoted(name)}" for name in names_of_all]
        return f"select {', '.join(parts)} from ({inner}) as doubled"

    def _referring(self, below: str) -> str:
        passed = [quoted(event) for event in self.events]
        values: dict[str, str] = {}
        for key in self.ours.foreign_keys:
            if key.column not in self.old.columns:
                continue
            column = quoted(key.column)
            there = (
                f"coalesce({column} in (select k.id from kept_{key.table} k), false)"
                if key.table in self.kept
                else "false"
            )
            required = self.ours.columns[key.column].required
            event = self._event(
                f"{key.column} names no row of {key.table}: "
                + ("stays aside" if required else "comes over without it"),
                stays=required,
            )
            passed.append(f"({column} is not null and not {there}) as {quoted(event)}")
            if not required:
                values[key.column] = f"case when {there} then {column} end"
        names = [*self.columns, *(column.name for column in self.extra)]
        parts = [f"{values.get(name, quoted(name))} as {quoted(name)}" for name in names]
        return f"select {', '.join([*parts, *passed])} from ({below}) as filled"

    def _preference(self) -> str:
        """Order doubles: what is out before what is not, then the oldest."""
        order = []
        if self._stays:
            order.append("(" + " or ".join(quoted(event) for event in self._stays) + ")")
        if self.ours.name in STATES_OF:
            order.append("status::text <> 'published', status::text <> 'held'")
        if "created_at" in self.columns:
            order.append("created_at")
        order.append("id" if "id" in self.columns else quoted(self.columns[0]))
        return ", ".join(order)
