"""`python -m marketplace VERB …`"""

import sys

from marketplace.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
