"""`python -m lianqiao`, where no script is installed."""

from lianqiao.cli import main

if __name__ == "__main__":
    main()
