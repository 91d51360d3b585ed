"""Ids and readable names for new runs.

Both come from the system's randomness: the user's seeded generators stay untouched, and a fixed seed does not give
two runs the same id. The words are our own because importing a word library costs more time than all of `init`
may take.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import Enum
from typing import Any

from tracker_core import _texts
from tracker_core._errors import UsageError

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_FORBIDDEN_IN_ID = frozenset("/\\#?%:;,'\"<>|*\n\r\t\0")
_FORBIDDEN_IN_PROJECT = frozenset("/\\#?%:")

_ADJECTIVES = (
    "agile amber autumn azure balmy bold bright brisk calm candid clear clever copper coral cosmic cozy crimson crisp"
    " curious dapper daring deft distant dreamy eager early earnest easy ebony elegant ember fancy fearless fleet"
    " floral fluent fond frosty gentle gilded glad glowing golden graceful grand green happy hardy hazel hidden honest"
    " humble icy indigo ivory jade jolly keen kind lively lucid lucky lunar magic mellow mild mint misty modest mossy"
    " neat nimble noble northern olive opal patient pearl plucky polar polished proud prime quick quiet radiant rapid"
    " rosy ruby rustic sage scarlet serene sharp silent silver sincere sleek smooth snowy solar solid spry stellar"
    " steady still sturdy sunny swift tidy tranquil twilight upbeat valiant velvet vivid warm wild winged wise witty"
    " zesty"
).split()

_NOUNS = (
    "acorn alder anchor arbor arrow aspen badger bay beacon birch bison breeze bridge brook canyon cedar cliff cloud"
    " comet condor coral cove crane creek crystal dawn deer delta dolphin dune eagle echo elm ember falcon feather"
    " fern field finch firefly fjord flame forest fox galaxy garden glacier glade grove gull harbor hare hawk heron"
    " hill horizon island ivy jay juniper kestrel lagoon lake lantern lark laurel leaf lichen lily lynx maple marsh"
    " meadow meteor mesa mist moon moss mountain nebula nest oak ocean orbit orchid osprey otter owl panda path peak"
    " pebble pine planet plum pond poppy prairie quartz rain raven reef ridge river robin rose sail seal sequoia"
    " shore sky snow sparrow spring spruce star stone storm stream summit sun surf swan thistle tide trail tulip"
    " valley violet wave willow wind wolf wood wren yarrow zephyr"
).split()


def new_id() -> str:
    """Eight characters of base 36: 41 bits."""
    return "".join(_pick(_ALPHABET, 8))


def new_name(count: int) -> str:
    """Two words and the run's number, like `quiet-otter-12`."""
    return f"{_pick(_ADJECTIVES, 1)[0]}-{_pick(_NOUNS, 1)[0]}-{count}"


def check_id(run_id: str) -> str:
    """`run_id` when it can name a folder and stand in a link; UsageError otherwise."""
    bad = sorted(_FORBIDDEN_IN_ID & set(run_id))
    if bad:
        raise UsageError(f"id={run_id!r} holds {' '.join(map(repr, bad))}: use letters, digits, '-', '_' and '.'")
    if not run_id or run_id.strip() != run_id or run_id.startswith("."):
        raise UsageError(f"id={run_id!r} must not be empty, begin with '.' or have blanks at its ends")
    if len(run_id.encode()) > 128:
        raise UsageError(f"id={run_id[:20]!r}… is longer than 128 bytes")
    return run_id


def check_project(project: str) -> str:
    """`project` when it can stand in a path of `entity/project/id`; UsageError otherwise."""
    bad = sorted(_FORBIDDEN_IN_PROJECT & set(project))
    if bad:
        raise UsageError(f"project={project!r} holds {' '.join(map(repr, bad))}, which a project's name cannot")
    if not project.strip() or len(project) > 128:
        raise UsageError(f"project={project[:20]!r} must have 1 to 128 characters")
    return project


def check_tags(tags: Any) -> tuple[str, ...]:
    """The tags, each once, in their order; one is one. UsageError names all that are not 1 to 64 characters long."""
    if isinstance(tags, str | Enum):
        tags = (tags,)
    if not isinstance(tags, Iterable):
        raise UsageError(f"tags={_texts.represented(tags)} must be a string or a list of strings")
    tags = tuple(_texts.shown(tag) if isinstance(tag, str | Enum) else tag for tag in tags)
    bad = [tag for tag in tags if not isinstance(tag, str) or not 1 <= len(tag) <= 64]
    if bad:
        raise UsageError(f"tags must be strings of 1 to 64 characters; these are not: {_texts.represented(bad)}")
    return tuple(dict.fromkeys(tags))


def _pick(choices: str | list[str], count: int) -> list[str]:
    # 16 bits a pick: the bias of the modulo is below 0.3 % and of no consequence here.
    noise = os.urandom(2 * count)
    return [choices[int.from_bytes(noise[2 * i : 2 * i + 2], "little") % len(choices)] for i in range(count)]
