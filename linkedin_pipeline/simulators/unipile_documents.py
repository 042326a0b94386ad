"""Posts, pages and cursors as Unipile v1 writes them (VENDORS section 1.3)."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from linkedin_pipeline.simulators.unipile_accounts import Account, Author, Organization, instant
from linkedin_pipeline.simulators.unipile_feed import Post
from linkedin_pipeline.simulators.unipile_words import refused

BROKEN = (-1.0, -1)  # the place of a cursor that is handed out and then fails


def cursor(before: tuple[float, int] | None) -> str | None:
    """Write a place in a list as an opaque cursor."""
    if before is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(before).encode()).decode()


def place(given: str | None) -> tuple[float, int] | None:
    """Read a cursor; None for the first page.

    Raises:
        Refusal: it is none of ours, or broken.
    """
    if not given:
        return None
    try:
        at, number = json.loads(base64.urlsafe_b64decode(given))
        found = float(at), int(number)
    except (ValueError, TypeError):
        found = BROKEN
    if found == BROKEN:
        raise refused("invalid_parameters", "The cursor is not valid.")
    return found


def post_document(post: Post, author: Author, now: float, *, whole_seconds: bool) -> dict[str, Any]:
    """Return a post as it is read back and listed; a feed may cut its time to whole seconds."""
    handle = author.shown()["public_identifier"] or author.id
    return {
        "object": "Post",
        "provider": "LINKEDIN",
        "id": post.id,
        "social_id": post.urn,
        "share_url": f"https://www.linkedin.com/posts/{handle}_activity-{post.id}-x1Yz",
        "text": post.shown,
        "date": _ago(now - post.at),
        "parsed_datetime": instant(math.floor(post.at) if whole_seconds else post.at),
        "reaction_counter": 0,
        "comment_counter": 0,
        "repost_counter": 0,
        "impressions_counter": 0,
        "author": author.shown(),
        "permissions": {"can_react": True, "can_share": True, "can_post_comments": True},
        "is_repost": False,
        "attachments": [
            {
                "id": media.sha256[:16],
                "type": _ATTACHMENTS.get(media.content_type.partition("/")[0], "file"),
                "url": f"https://media.licdn.com/dms/image/{media.sha256[:16]}",
                "unavailable": False,
            }
            for media in post.media
        ],
    }


def company_document(page: Organization, account: Account) -> dict[str, Any]:
    """Return a page as an account sees it."""
    administers = any(one.id == page.id and one.can_post for one in account.organizations)
    handle = f"page-{page.id}"
    return {
        "object": "CompanyProfile",
        "id": page.id,
        "entity_urn": f"urn:li:fsd_company:{page.id}",
        "public_identifier": handle,
        "profile_url": f"https://www.linkedin.com/company/{handle}",
        "name": page.shown()["name"],
        "viewer_permissions": {
            "canCreateOrganicShare": administers,
            "canReadContentSuggestions": administers,
        },
    }


_ATTACHMENTS = {"image": "img", "video": "video"}


def _ago(seconds: float) -> str:
    for length, unit in ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(int(seconds), 0)}s"
