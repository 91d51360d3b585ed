"""Molecules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from tracker_core._errors import UsageError
from tracker_core._media.base import Media, described, require
from tracker_core._media.source import is_path, path_of, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tracker_core._media.place import Place

_SUFFIXES = ("pdb", "pqr", "mmcif", "mcif", "cif", "sdf", "sd", "gro", "mol2", "mmtf")


class Molecule(Media):
    """A molecule from a file, or from an open file or text and its `file_type`.

    Types: pdb, pqr, mmcif, mcif, cif, sdf, sd, gro, mol2, mmtf. See also `from_smiles` and `from_rdkit`.
    """

    kind: ClassVar[str] = "molecule-file"

    def __init__(self, data_or_path: Any, caption: str | None = None, file_type: str | None = None) -> None:
        self.caption = caption
        self._path: Path | None = None
        self._content: bytes | None = None
        if is_path(data_or_path) and file_type is None:
            self._path, self.format = path_of(data_or_path, _SUFFIXES, "a molecule")
            return
        if file_type not in _SUFFIXES:
            raise UsageError(f"file_type is {file_type!r}; one of {', '.join(_SUFFIXES)} is wanted")
        self.format = file_type
        is_text = isinstance(data_or_path, str)
        self._content = data_or_path.encode() if is_text else read_bytes(data_or_path)
        if self._content is None:
            raise UsageError(f"a path, text or open file is wanted, not {type(data_or_path).__name__}")

    @classmethod
    def from_rdkit(
        cls,
        data_or_path: Any,
        caption: str | None = None,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """From an rdkit molecule, or a file that rdkit reads: mol, pdb, sdf, mol2.

        With `convert_to_3d_and_optimize` the atoms are placed in space by rdkit's force field.
        """
        require("rdkit", "molecule", "Molecule.from_rdkit")
        from rdkit import Chem
        from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

        molecule = _opened(data_or_path) if isinstance(data_or_path, (str, os.PathLike)) else data_or_path
        if convert_to_3d_and_optimize:
            molecule = Chem.AddHs(molecule)
            rdDistGeom.EmbedMolecule(molecule, randomSeed=1)
            rdForceFieldHelpers.MMFFOptimizeMolecule(molecule, maxIters=mmff_optimize_molecule_max_iterations)
        return cls(Chem.MolToPDBBlock(molecule), caption=caption, file_type="pdb")

    @classmethod
    def from_smiles(
        cls,
        data: str,
        caption: str | None = None,
        sanitize: bool = True,
        convert_to_3d_and_optimize: bool = True,
        mmff_optimize_molecule_max_iterations: int = 200,
    ) -> Molecule:
        """From a SMILES text, by rdkit."""
        require("rdkit", "molecule", "Molecule.from_smiles")
        from rdkit import Chem

        molecule = Chem.MolFromSmiles(data, sanitize=sanitize)
        if molecule is None:
            raise UsageError(f"{data[:200]!r} is no SMILES that rdkit reads")
        return cls.from_rdkit(molecule, caption, convert_to_3d_and_optimize, mmff_optimize_molecule_max_iterations)

    def _store(self, place: Place) -> dict[str, Any]:
        if self._path is not None:
            reference = place.copy("molecule", self.format, self._path)
        else:
            assert self._content is not None
            reference = place.write("molecule", self.format, self._content)
        return described({**reference, "format": self.format}, caption=self.caption)


def _opened(path: str | os.PathLike[str]) -> Any:
    from rdkit import Chem

    readers: dict[str, Callable[[str], Any]] = {
        "mol": Chem.MolFromMolFile,
        "pdb": Chem.MolFromPDBFile,
        "mol2": Chem.MolFromMol2File,
        "sdf": lambda name: next(iter(Chem.SDMolSupplier(name)), None),
    }
    found, suffix = path_of(path, tuple(readers), "a molecule for rdkit")
    molecule = readers[suffix](str(found))
    if molecule is None:
        raise UsageError(f"rdkit finds no molecule in {found.name!r}")
    return molecule
