"""Posts and profiles on their way into the bank."""

from __future__ import annotations

from linkedin_pipeline.domain.bank import NewPost, NewProfile

ADA = NewProfile("ada", "Ada Lovelace")


def test_ids_follow_from_the_keys_alone() -> None:
    """What a file says besides the key may change, and the id stays."""
    assert NewProfile("ada", "Ada King", role="Countess").id == ADA.id
    assert NewPost("1", ADA, "One text.").id == NewPost("1", ADA, "Another.", likes=5).id


def test_different_keys_have_different_ids() -> None:
    """Also where author and key only look alike when they are written one after the other."""
    posts = [
        NewPost("1", ADA, "Text."),
        NewPost("2", ADA, "Text."),
        NewPost("1", NewProfile("grace", "Grace"), "Text."),
        NewPost("b c", NewProfile("a", "A"), "Text."),
        NewPost("c", NewProfile("a b", "AB"), "Text."),
    ]
    assert len({post.id for post in posts}) == len(posts)
    assert len({post.author.id for post in posts}) == 4


def test_metrics_are_named_as_the_bank_names_them() -> None:
    """Numbers that are not given are left out, and count zero in the bank."""
    assert NewPost("1", ADA, "Text.", likes=3, shares=0).metrics == {"likes": 3, "shares": 0}


def test_a_known_profile_keeps_its_id() -> None:
    """Whatever key the file gives it."""
    assert NewProfile("ada", "Ada", known=ADA.id).id == ADA.id
