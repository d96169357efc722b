"""The entry point, also of `python -m haui`.

It is light, so that Ctrl-C while the rest is loaded ends haui as at any other moment.
"""

import sys


def main() -> None:
    """Run the command line; leaves with its exit code."""
    try:
        from haui.cli.commands import main as begin
    except KeyboardInterrupt:
        sys.stderr.write("haui: interrupted\n")
        sys.exit(130)
    begin()


if __name__ == "__main__":
    main()
