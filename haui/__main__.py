"""`python -m haui`."""

from haui.cli import main

if __name__ == "__main__":
    main()
