"""``python -m gaitheat``: the command line where its script is not on the path."""

from gaitheat.cli import main

if __name__ == "__main__":
    main()
