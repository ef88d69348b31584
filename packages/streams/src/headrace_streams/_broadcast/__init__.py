"""One source, many subscribers: a log in front (``_log``), a box per subscriber (``_boxes``).

::

    publish -> Log -> Hub -> Box (one per subscriber, with its bound and policy) -> Subscriber
                |                                                                   ^
                +---------------- replay from an id, until it has caught up --------+
"""
