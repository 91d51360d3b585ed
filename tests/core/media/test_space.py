"""Point clouds, meshes and molecules, read back by numpy, by hand and by rdkit."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
import torch
from rdkit import Chem

import tracker_core as tracker

OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


@pytest.mark.parametrize("columns", [3, 4, 6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_points_come_back_exactly(kept, columns, dtype):
    points = (np.random.default_rng(0).normal(size=(50, columns)) * 100).astype(dtype)
    reference, path = kept(tracker.Object3D(points, caption="cloud"))
    found = np.load(path, allow_pickle=False)
    assert found.dtype == dtype
    assert (found == points).all()
    assert (reference["points"], reference["columns"], reference["caption"]) == (50, columns, "cloud")


def test_tensor_and_from_numpy(kept):
    points = np.eye(3)
    assert (np.load(kept(tracker.Object3D(torch.from_numpy(points)))[1]) == points).all()
    assert (np.load(kept(tracker.Object3D.from_numpy(points))[1]) == points).all()


def test_scene(kept, files):
    corners = np.zeros((8, 3))
    scene = tracker.Object3D.from_point_cloud(
        np.eye(3),
        boxes=[{"corners": corners, "label": "car", "color": (255, 0, 0)}],
        vectors=[{"start": [0, 0, 0], "end": np.ones(3)}],
    )
    corners[:] = 9
    reference, path = kept(scene)
    assert (np.load(path) == np.eye(3)).all()
    found = json.loads((files / reference["scene"]["path"]).read_text())
    assert found["boxes"] == [{"corners": [[0.0] * 3] * 8, "label": "car", "color": [255, 0, 0]}]
    assert found["vectors"] == [{"start": [0, 0, 0], "end": [1.0, 1.0, 1.0]}]


def test_meshes_are_kept_byte_for_byte(kept, tmp_path):
    stl = bytes(80) + struct.pack("<I", 1) + struct.pack("<12fH", *range(12), 0)
    for name, data in (("mesh.obj", OBJ.encode()), ("mesh.stl", stl), ("cloud.pts.json", b"[[0,0,0]]")):
        (tmp_path / name).write_bytes(data)
        reference, path = kept(tracker.Object3D(tmp_path / name))
        assert path.read_bytes() == data
        assert name.endswith(reference["format"])
    reference, path = kept(tracker.Object3D.from_file(io.StringIO(OBJ), file_type="obj"))
    assert path.read_text() == OBJ


def test_molecules_from_files_and_texts(kept, tmp_path):
    text = Chem.MolToPDBBlock(Chem.MolFromSmiles("CCO"))
    (tmp_path / "ethanol.pdb").write_text(text)
    for molecule in (
        tracker.Molecule(tmp_path / "ethanol.pdb", caption="ethanol"),
        tracker.Molecule(io.StringIO(text), file_type="pdb"),
        tracker.Molecule(text, file_type="pdb"),
    ):
        reference, path = kept(molecule)
        assert Chem.MolFromPDBFile(str(path)).GetNumAtoms() == 3
        assert reference["_type"] == "molecule-file"


def test_molecule_from_smiles_has_a_shape_in_space(kept):
    _, path = kept(tracker.Molecule.from_smiles("CCO"))
    molecule = Chem.MolFromPDBFile(str(path), removeHs=False)
    assert molecule.GetNumAtoms() == 9
    assert np.ptp(molecule.GetConformer().GetPositions(), axis=0).min() > 0.5


def test_molecule_from_rdkit_file(kept, tmp_path):
    Chem.MolToMolFile(Chem.MolFromSmiles("C"), str(tmp_path / "methane.mol"))
    _, path = kept(tracker.Molecule.from_rdkit(tmp_path / "methane.mol", convert_to_3d_and_optimize=False))
    assert Chem.MolFromPDBFile(str(path)).GetNumAtoms() == 1


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tracker.Object3D(np.zeros((5, 5))), r"\(N, 3\)"),
        (lambda: tracker.Object3D({"type": "other", "points": []}), "type"),
        (lambda: tracker.Object3D("mesh.ply"), "files of type"),
        (lambda: tracker.Object3D(io.StringIO(OBJ)), "file_type"),
        (lambda: tracker.Molecule("ATOM", file_type="doc"), "file_type"),
        (lambda: tracker.Molecule(3, file_type="pdb"), "int"),
        (lambda: tracker.Molecule.from_smiles("no smiles!"), "SMILES"),
    ],
)
def test_wrong_calls(make, said):
    with pytest.raises(tracker.UsageError, match=said):
        make()
