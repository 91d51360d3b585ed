"""What stands in space: meshes of any file that is taken."""

from __future__ import annotations

import json
import re
import struct

import pytest
from playwright.sync_api import expect

import tracker_core as tracker

CORNERS = [(0, 0, 0), (2, 0, 0), (0, 2, 0), (0, 0, 2)]
FACES = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
PIXELS = """canvas => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let [painted, red] = [0, 0];
  for (let i = 0; i < data.length; i += 4) if (data[i + 3]) { painted++; red += data[i] > 2 * data[i + 1] }
  return [painted, red];
}"""


def _glb() -> bytes:
    places = struct.pack("<12f", *(part for corner in CORNERS for part in corner))
    order = struct.pack("<12H", *(corner for face in FACES for corner in face))
    scene = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "rotation": [0, 0.3826834, 0, 0.9238795]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"},
        ],
        "bufferViews": [{"buffer": 0}, {"buffer": 0, "byteOffset": len(places)}],
        "buffers": [{"byteLength": len(places) + len(order)}],
    }
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    binary = places + order
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


def _obj() -> bytes:
    lines = [*(f"v {x} {y} {z}" for x, y, z in CORNERS), *(f"f {a + 1} {b + 1} {c + 1}" for a, b, c in FACES)]
    return "\n".join(lines).encode()


@pytest.fixture
def address(tmp_path, serve) -> str:
    settings = {"silent": True, "system_interval": 0, "disable_git": True, "console": "off"}
    (tmp_path / "solid.glb").write_bytes(_glb())
    (tmp_path / "plain.obj").write_bytes(_obj())
    (tmp_path / "broken.glb").write_bytes(_glb()[:-30])
    with tracker.init(project="space", dir=str(tmp_path), settings=settings) as run:
        run.log(
            {name: tracker.Object3D(str(next(tmp_path.glob(f"{name}.*")))) for name in ("solid", "plain", "broken")}
        )
    return f"{serve(tmp_path)}/project/space"


def test_meshes_are_drawn_and_turned(page, address):
    page.goto(address)
    solid = page.get_by_role("application", name=re.compile("solid: 4 faces"))
    expect(solid).to_be_visible()
    expect(page.get_by_role("application", name=re.compile("plain: 4 faces"))).to_be_visible()
    expect(page.get_by_text("ends too early")).to_be_visible()
    painted, red = solid.locator("canvas").evaluate(PIXELS)
    assert painted > 1000
    assert red == painted
    solid.focus()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
    page.wait_for_function(
        "([canvas, before]) => JSON.stringify((" + PIXELS + ")(canvas)) !== before",
        arg=[solid.locator("canvas").element_handle(), f"[{painted},{red}]"],
    )
