"""HTML of the page: everything shown is escaped, nothing comes from elsewhere, no script runs."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from linkedin_pipeline.domain.wording import age, did, one_line, share
from linkedin_pipeline.gateway.answers import SECURITY

_PACKAGE = "linkedin_pipeline.gateway"
STYLE = files(_PACKAGE).joinpath("templates/style.css").read_text("utf-8")
_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    **SECURITY,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}
# what HTML has no place for: controls other than tab and line ends, and halves of characters
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page made from a template of this package."""
    html = _ENVIRONMENT.get_template(template).render(values)
    return HTMLResponse(html, status)


def _printable(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNPRINTABLE.sub("\ufffd", value)
    return value


def _since(moment: datetime) -> str:
    return age((datetime.now(UTC) - moment).total_seconds())


def _utc(moment: datetime, form: str) -> str:
    return moment.astimezone(UTC).strftime(form)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(age=age, did=did, one_line=one_line, since=_since, utc=_utc)
    environment.filters.update(
        count=lambda number: f"{number:,}", usd=lambda number: f"{number:,.4f}"
    )
    environment.globals.update(share=share, style=Markup(STYLE))  # noqa: S704 - our own file
    return environment


_ENVIRONMENT = _environment()
