"""Runs whose journals are damaged are marked wherever they are listed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import tracker_core as tracker
from tracker_core import Api


@pytest.fixture
def damaged(page, tmp_path, serve):
    """The address of a project with a sound run and one with wrong bytes amid its journal; what the Api says of it."""
    settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
    for name in ("sound", "hurt"):
        with tracker.init(project="p", dir=str(tmp_path), name=name, reinit="create_new", settings=settings) as run:
            for step in range(2000):
                run.log({"loss": step / 2000})
    (journal,) = run.folder.path.glob("*main*.journal")
    content = bytearray(journal.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(byte ^ 0xFF for byte in content[middle : middle + 64])
    journal.write_bytes(content)
    told = str(Api(tmp_path).run(f"p/{run.id}").damage)
    assert "unreadable" in told
    return f"{serve(tmp_path)}/project/p", told


def test_damage_is_marked_in_lists_and_told_on_the_run_page(page, damaged):
    address, told = damaged
    page.goto(address)
    expect(page.get_by_role("listitem").filter(has_text="hurt").get_by_role("img", name=told)).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="sound")).to_be_visible()
    expect(page.get_by_role("img", name="damaged")).to_have_count(1)
    page.get_by_role("listitem").get_by_role("link", name="hurt", exact=True).click()
    expect(page.get_by_role("note", name="Damage")).to_have_text(told)
    page.goto(f"{address}?view=table")
    expect(page.get_by_role("table").get_by_role("img", name=told)).to_have_count(1)
