"""`python -m fedcomm` is the command `fedcomm`."""

from fedcomm.cli import main

if __name__ == "__main__":
    main()
