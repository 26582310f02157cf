"""`python -m servers.library FILE`: the library's full-text index as a SQLite file."""

import argparse
from pathlib import Path

from servers.library import write_index

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m servers.library", description="Build the library's index.")
    parser.add_argument("file", type=Path, help="where to write it; a file of that name is replaced")
    print(f"{write_index(parser.parse_args().file)} papers")
