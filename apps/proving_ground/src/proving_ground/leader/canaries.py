"""The planted defects of the leader, each where such a bug would really be."""

from __future__ import annotations

SPLIT_BRAIN_WITHOUT_FENCING = "split-brain-without-fencing"
NO_BACKOFF = "no-backoff"
CONSTANT_BACKOFF = "constant-backoff"
READY_IGNORES_THE_LOCK = "ready-ignores-the-lock"
LEADER_METRIC_STICKS = "leader-metric-sticks"
NO_PAUSE_ON_LOSS = "no-pause-on-loss"
PAUSES_WHEN_THE_LOCK_ENDS = "pauses-when-the-lock-ends"
HEALTH_FOLLOWS_REDIS = "health-follows-redis"
HEARTBEAT_THREAD_DIES = "heartbeat-thread-dies"
HEARTBEATS_VANISH = "heartbeats-vanish"
NEVER_RESUMES = "never-resumes"
NEVER_REACQUIRES = "never-reacquires"
ORDERS_REFUSED_AFTER_LOSS = "orders-refused-after-loss"
CRASH_ON_REDIS_LOSS = "crash-on-redis-loss"
STANDBY_NEVER_TAKES_OVER = "standby-never-takes-over"
STANDBY_ASKS_SELDOM = "standby-asks-seldom"
API_DIES_WITH_DATABASE = "api-dies-with-database"
ORDERS_NEVER_RECONNECT = "orders-never-reconnect"
DUPLICATE_ORDER_AFTER_DATABASE_BLIP = "duplicate-order-after-database-blip"
ORDER_FORGOTTEN = "order-forgotten"
ORDER_SENT_AGAIN_UNDER_A_NEW_KEY = "order-sent-again-under-a-new-key"
THROTTLE_NEVER_DRAINS = "throttle-never-drains"
THROTTLE_BYPASSED = "throttle-bypassed"
UNBOUNDED_THROTTLE_QUEUE = "unbounded-throttle-queue"
TOKEN_NOT_REFRESHED = "token-not-refreshed"
TOKEN_KEPT_WHEN_REFUSED = "token-kept-when-refused"
TOKEN_RENEWED_WHEN_REFUSED = "token-renewed-only-when-refused"
ORDERS_WAIT_FOR_TOKEN = "orders-refused-while-token-renews"
WEBSOCKET_NEVER_RECONNECTS = "websocket-never-reconnects"
WEBSOCKET_WITHOUT_PAUSE = "websocket-without-pause"
STALE_DATA_LOOKS_FRESH = "stale-data-looks-fresh"
SCAN_BLOCKS_THE_LOOP = "scan-blocks-the-loop"
NOT_READY_WHILE_BUSY = "not-ready-while-busy"
GIVES_UP_WHEN_MEMORY_IS_SHORT = "gives-up-when-memory-is-short"
ORDERS_REFUSED_AFTER_MEMORY_ERROR = "orders-refused-after-memory-error"
TOKEN_NOT_INCREASED = "token-not-increased"
RENEW_STEALS = "renew-steals"
ORDER_TWICE_UNDER_OTHER_ID = "order-twice-under-other-id"
RETRY_AFTER_IGNORED = "retry-after-ignored"

CANARIES: dict[str, str] = {
    SPLIT_BRAIN_WITHOUT_FENCING: (
        "a leader that slept through the end of its lock goes on until somebody tells it, and "
        "order writes are not checked against the fencing token"
    ),
    NO_BACKOFF: "a lost lock is asked for again every 20 ms, however long Redis is gone",
    CONSTANT_BACKOFF: "a lost lock is asked for again every second, however long Redis is gone",
    READY_IGNORES_THE_LOCK: "/ready looks at the heartbeats only, not at the lock or the pause",
    LEADER_METRIC_STICKS: "trader_is_leader is set when the lock is won and never taken back",
    NO_PAUSE_ON_LOSS: "trading goes on although the lock is lost",
    PAUSES_WHEN_THE_LOCK_ENDS: (
        "a lock that cannot be renewed is relied on until its time is over; trading pauses then"
    ),
    HEALTH_FOLLOWS_REDIS: "/health answers 503 while Redis is out of reach",
    HEARTBEAT_THREAD_DIES: "the scan loop dies of the first lost lock and is not started again",
    HEARTBEATS_VANISH: "from the first lost lock on no heartbeat is shown any more",
    NEVER_RESUMES: "a pause because of a lost lock is kept when the lock is won again",
    NEVER_REACQUIRES: "the lock is asked for three times after a loss, and then never again",
    ORDERS_REFUSED_AFTER_LOSS: (
        "once the lock was lost, every order is refused for good, although the trader says that "
        "it leads, is ready and trades"
    ),
    CRASH_ON_REDIS_LOSS: "the leader exits (70) when Redis is lost",
    STANDBY_NEVER_TAKES_OVER: "an instance that finds the lock taken never asks for it again",
    STANDBY_ASKS_SELDOM: (
        "an instance that finds the lock taken asks for it again only 9.5 s later"
    ),
    API_DIES_WITH_DATABASE: "the leader exits (70) as soon as a database connection is lost",
    ORDERS_NEVER_RECONNECT: (
        "lost database connections stay in the pool and no new one is opened: 503 for ever"
    ),
    DUPLICATE_ORDER_AFTER_DATABASE_BLIP: (
        "repeated orders are recognised from memory, which is cleared with a lost database "
        "connection, and the table has no unique constraint"
    ),
    ORDER_FORGOTTEN: (
        "while the database is out of reach orders are acknowledged and kept in memory, from "
        "which nobody writes them"
    ),
    ORDER_SENT_AGAIN_UNDER_A_NEW_KEY: (
        "an order whose execution could not be written down is sent to the broker again, under "
        "a new idempotency key"
    ),
    THROTTLE_NEVER_DRAINS: "once 60 orders wait, the throttle queue stops sending for ever",
    THROTTLE_BYPASSED: "orders go to the broker at once, past the throttle queue",
    UNBOUNDED_THROTTLE_QUEUE: "the throttle queue takes any number of orders",
    TOKEN_NOT_REFRESHED: "the broker's token is fetched once, and never again",
    TOKEN_KEPT_WHEN_REFUSED: (
        "a token that the broker refuses is used until its time is over, and orders are sent again"
    ),
    TOKEN_RENEWED_WHEN_REFUSED: (
        "the broker's token is renewed only when the broker refuses it, never before its end"
    ),
    ORDERS_WAIT_FOR_TOKEN: (
        "getting a new token from the broker takes a second, and orders are refused meanwhile"
    ),
    WEBSOCKET_NEVER_RECONNECTS: "a lost market data connection is not opened again",
    WEBSOCKET_WITHOUT_PAUSE: "a lost market data connection is asked for again every millisecond",
    STALE_DATA_LOOKS_FRESH: (
        "the market data heartbeat is beaten by a timer instead of by what arrives"
    ),
    SCAN_BLOCKS_THE_LOOP: (
        "each scan computes for 1.5 s inside the event loop; on a busy machine the "
        "lock is renewed too late"
    ),
    NOT_READY_WHILE_BUSY: (
        "while more than eight programs of the machine want a CPU, /ready answers 503 and orders "
        "are refused, whether or not the trader itself is late"
    ),
    GIVES_UP_WHEN_MEMORY_IS_SHORT: "the leader exits (70) when a scan gets no memory",
    ORDERS_REFUSED_AFTER_MEMORY_ERROR: (
        "once a scan got no memory, every order is refused for good"
    ),
    TOKEN_NOT_INCREASED: "whoever wins the lock gets the same fencing token as the last leader",
    RENEW_STEALS: "renewing the lock takes it, whoever has it by then",
    ORDER_TWICE_UNDER_OTHER_ID: (
        "an order that is sent again is written again, its client_order_id with -2 at the end"
    ),
    RETRY_AFTER_IGNORED: "after a 429 of the broker orders go on at the same rate",
}
