"""What a request was, in the words of somebody who has to repeat it, from its tags."""

from __future__ import annotations

import re

from conformance.exchange import Exchange

OWNERS = {
    None: "its own {kind}",
    "own": "its own {kind}",
    "foreign": "another {kind}",
    "absent": "a {kind} that does not exist",
    "cross": "a {kind} of its own",
    "cross-foreign": "another's {kind}",
}
NESTED = {"own": "a resource of its own", "foreign": "another's resource"}
DEFECTS = (  # how a defect is named, and what that means; {} is the member or parameter
    (r"body\.missing:(.*)", "a body without {}"),
    (r"body\.null:(.*)", "null for {}"),
    (r"body\.empty:(.*)", "nothing in {}"),
    (r"body\.too-(?:long|many):(.*)", "too much in {}"),
    (r"body\.type-\w+:(.*)", "another type for {}"),
    (r"body\.(?:pattern|format)[\w-]*:(.*)", "another form of {}"),
    (r"body\.items.*:(.*)", "an invalid item in {}"),
    (r"body\.extra.*", "a member that is not documented"),
    (r"body\.(?:array|null|number|string|empty)", "a body that is no object"),
    (r"json\..*", "a body that is not JSON"),
    (r"media\..*", "another media type"),
    (r"query\.unknown", "a parameter that is not documented"),
    (r"query\.\w+:(.*)", "an invalid {} in the query"),
    (r"path:(.*)", "an invalid {} in the path"),
    (r"method:(.*)", "the method {}"),
    (r"generated: (.*)", "an invalid {}"),
)


def addressed(one: Exchange) -> str:
    """Whose the addressed project or team is, seen from the key, and whose what is below it."""
    kind = "team" if "/teams/" in (one.tags.route or one.request.target) else "project"
    owner = OWNERS.get(one.tags.resource, one.tags.resource or "").format(kind=kind)
    if one.tags.nested in (None, one.tags.resource):
        return owner
    return f"{owner}, {NESTED.get(one.tags.nested or '', 'an absent resource')} below it"


def existing(one: Exchange) -> str:
    """The same where nobody is asking: whether it exists."""
    kind = "team" if "/teams/" in (one.tags.route or one.request.target) else "project"
    absent = "absent" in (one.tags.resource, one.tags.nested)
    what = f"a {kind}" if one.tags.nested is None else f"what is below a {kind}"
    return f"{what} that {'does not exist' if absent else 'exists'}"


def defect(one: Exchange) -> str:
    """What was made invalid, with the suite's own name for it; nothing where nothing was."""
    name = one.tags.defect
    if name is None:
        return ""
    for pattern, means in DEFECTS:
        if match := re.fullmatch(pattern, name):
            return f"{means.format(*match.groups())} ({name})"
    return name
