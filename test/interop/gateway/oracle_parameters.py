"""Makes up parameters for any operation of any service: whatever the model requires, and some of what it allows."""

import datetime
import itertools

NUMBERS = itertools.count(1000)
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
# A length that is not that of the body makes a request that is none.
NOT_MADE_UP = {"ContentLength", "contentLength"}
DEPTH_MAX = 4
OPTIONAL_MAX = 3


def made_up(shape, name="", depth=0):
    """A value of this shape. Texts are unlike all others, so that each can be found again."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        if shape.is_document_type:
            return {"free": f"free-{next(NUMBERS)}"}
        return {member: made_up(shape.members[member], member, depth + 1) for member in chosen(shape, depth)}
    if kind == "list":
        return [made_up(shape.member, name, depth + 1)]
    if kind == "map":
        return {made_up(shape.key, "key", depth + 1): made_up(shape.value, name, depth + 1)}
    if kind == "string":
        return made_up_text(shape, name)
    if kind == "timestamp":
        return MOMENT
    if kind == "boolean":
        return True
    if kind == "blob":
        return b"roasted beans"
    if kind in ("float", "double"):
        return 2.5
    return max(1, limits.get("min", 1))


def chosen(shape, depth):
    """Required members, and at the top a few others; of a union exactly one."""
    simple = [name for name, member in shape.members.items() if member.type_name not in ("structure", "list", "map")]
    if shape.is_tagged_union:
        return (simple or list(shape.members))[:1] if depth < DEPTH_MAX else simple[:1]
    required = shape.required_members if depth < DEPTH_MAX else [m for m in shape.required_members if m in simple]
    others = [name for name in simple if name not in required and name not in NOT_MADE_UP]
    wanted = OPTIONAL_MAX if depth == 0 else 0 if required else 1
    return [*required, *others[:wanted]]


def made_up_text(shape, name):
    if shape.enum:
        return shape.enum[0]
    if name.lower() in ("accountid", "awsaccountid"):
        return "123456789012"
    if shape.serialization.get("hostLabel"):
        return f"label{next(NUMBERS)}"
    text = f"hush-hush-{next(NUMBERS)}" if shape.metadata.get("sensitive") else f"{name.lower()}-{next(NUMBERS)}"
    return text.ljust(shape.metadata.get("min", 0), "x")
