"""Our server as it is, but for the pace at which one phone may send: a hundred and fifty phones send what a thousand would."""

import run  # patches gevent first
from groupvisits.core import pace

pace.EVENTS_PER_10_SECONDS = 1_000_000

if __name__ == "__main__":
    run.serve()
