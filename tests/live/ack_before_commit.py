"""The mistake the kill test must find: a server that acknowledges first and saves a moment later. For that test only."""

import run  # patches gevent first

import gevent  # isort: skip

from groupvisits.core import transaction, writer


def acknowledged_first(self, batch):
    with transaction.opened() as tx:
        for waiting in batch:
            writer._carry_out(tx, waiting)
            waiting.answer()
        gevent.sleep(0.2)
        writer._commit(tx)
    return True


writer.Writer._committed = acknowledged_first  # type: ignore[method-assign]

if __name__ == "__main__":
    run.serve()
