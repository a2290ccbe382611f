"""Run all notebooks, one after the other; a cell that fails ends it.

    python notebooks/run.py          runs them, and leaves the files as they are
    python notebooks/run.py --keep   keeps the new outputs in the files

    python notebooks/run.py --keep 7_fifteen_questions      runs that one

Kept outputs have no times of running in them, so that they change only where results do, and no scripts: a table that
can be sorted shows when its cell is run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
SECONDS = 120
"""Most that one cell may take."""


def main() -> None:
    """Run all notebooks."""
    parser = argparse.ArgumentParser(description="Run all notebooks.")
    parser.add_argument("--keep", action="store_true", help="keep the new outputs in the files")
    parser.add_argument("names", nargs="*", help="without ending; all where none is given")
    given = parser.parse_args()
    keep, names = given.keep, given.names or sorted(path.stem for path in HERE.glob("*.ipynb"))
    for path in (HERE / f"{name}.ipynb" for name in names):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": HERE}},
        )
        client.execute()
        print(f"{path.name}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells", flush=True)
        if keep:
            notebook.metadata = {
                "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"},
            }
            for cell in notebook.cells:
                cell.metadata = {}
                if cell.cell_type == "code":
                    cell.outputs = [one for one in cell.outputs if "<script" not in str(one)]
            nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
