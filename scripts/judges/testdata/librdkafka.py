"""What a program does with confluent_kafka, which is librdkafka, on the brokers given as the argument: written for
Debian's python3-confluent-kafka, 1.7. The lines "please ..." ask who has started it for a fault, and wait for his line."""
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

common = {"bootstrap.servers": sys.argv[1], "log_level": 0}
topic, faults = "confluent", "confluent-faults"
first = int(time.time() * 1000) - 100_000
admin = AdminClient(common)


def result(futures):
    return [f.result(15) for f in futures.values()][0]


def fails(code, call):
    try:
        call()
    except KafkaException as e:
        assert e.args[0].code() == code, e
        return
    raise AssertionError("no error %d" % code)


def until(what, ready, seconds=30):
    end = time.time() + seconds
    while not ready():
        assert time.time() < end, what
        time.sleep(0.05)


def please(what):
    print("please", what, flush=True)
    assert sys.stdin.readline().strip() == "done", what


def topics():
    def create(name, config):
        result(admin.create_topics([NewTopic(name, 2, 3, config=config)]))

    create(topic, {"max.message.bytes": "200000"})
    fails(KafkaError.TOPIC_ALREADY_EXISTS, lambda: create(topic, {}))
    fails(KafkaError.INVALID_CONFIG, lambda: create("other", {"no.such.key": "1"}))
    result(admin.create_partitions([NewPartitions(topic, 3)]))
    described = admin.list_topics(timeout=10).topics[topic].partitions
    assert len(described) == 3 and all(len(p.isrs) == 3 for p in described.values())
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, set_config={"max.message.bytes": "300000"})
    result(admin.alter_configs([resource]))
    until("max.message.bytes=300000", lambda: result(admin.describe_configs([resource]))["max.message.bytes"].value == "300000")


def produce():
    reports = []
    for settings in [{"compression.type": c, "enable.idempotence": True} for c in ("none", "gzip", "snappy", "lz4", "zstd")] \
            + [{"acks": 1}, {"acks": 0}]:
        producer = Producer(dict(common, **{"linger.ms": 5}, **settings))
        for i in range(300):
            producer.produce(topic, key=b"k%d" % i, value=b"v%d" % i if i % 9 else None, headers=[("h", b"%d" % i)],
                             partition=i % 3, timestamp=first + i, on_delivery=lambda e, m: reports.append(e))
        assert producer.flush(15) == 0
    assert len(reports) == 2100 and all(e is None for e in reports), [e.name() for e in reports if e is not None][:3]
    producer = Producer(dict(common, **{"message.max.bytes": 10_000_000}))
    for size in (290_000, 300_001):
        producer.produce(topic, b"x" * size, partition=0, on_delivery=lambda e, m: reports.append(e))
        producer.flush(15)
    assert reports[-2] is None and reports[-1].code() == KafkaError.MSG_SIZE_TOO_LARGE, reports[-2:]


def consume():
    consumer = Consumer(dict(common, **{"group.id": "none", "enable.auto.commit": False}))
    consumer.assign([TopicPartition(topic, p, 0) for p in range(3)])
    got = []

    def enough():
        messages = consumer.consume(500, 0.1)
        assert not any(m.error() for m in messages), [m.error() for m in messages if m.error()]
        got.extend(messages)
        return len(got) >= 2101

    until("2101 records", enough)
    for p in range(3):
        assert [m.offset() for m in got if m.partition() == p] == list(range(701 if p == 0 else 700))
    small = [m for m in got if m.key()]
    assert all(m.timestamp()[1] >= first and m.headers() == [("h", m.key()[1:])] for m in small)
    assert sum(m.value() is None for m in small) == 7 * 34
    assert consumer.get_watermark_offsets(TopicPartition(topic, 0)) == (0, 701)
    assert consumer.offsets_for_times([TopicPartition(topic, 0, first + 30)], timeout=10)[0].offset == 10
    consumer.close()


class Reader(threading.Thread):
    """A member of a group, until it is told to leave.

    It takes one record at a time: when a rebalance pauses a partition that the member keeps, consume(n) of librdkafka before
    2.1 drops what it has gathered of it, and goes on behind that, whatever the broker (its pull request 4208)."""

    def __init__(self, name, group, seen, strategy, instance=None):
        super().__init__(daemon=True)
        self.name, self.seen, self.leave, self.owns, self.error = name, seen, threading.Event(), 0, None
        self.settings = dict(common, **{
            "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 200, "partition.assignment.strategy": strategy})
        if instance:
            self.settings["group.instance.id"] = instance

    def run(self):
        try:
            consumer = Consumer(self.settings)
            consumer.subscribe([self.name])
            while not self.leave.is_set():
                m = consumer.poll(0.1)
                self.owns = len(consumer.assignment())
                if m is not None and not m.error():
                    self.seen[m.partition(), m.offset()] = m.value()
            consumer.close()
        except Exception as e:
            self.error = e


def rebalance(strategy, instances):
    seen, group = {}, "confluent-" + strategy + "-static" * instances
    readers = [Reader(topic, group, seen, strategy, "i%d" % i if instances else None) for i in range(3)]
    for r in readers:
        r.start()
    until("three members with a partition each, and all records", lambda: [r.owns for r in readers] == [1, 1, 1] and len(seen) == 2101)
    readers[0].leave.set()
    readers[0].join(15)
    if instances:
        readers[0] = Reader(topic, group, seen, strategy, "i0")
        readers[0].start()
        until("the partition of before for who comes back", lambda: [r.owns for r in readers] == [1, 1, 1])
    else:
        until("all partitions of the two that stay", lambda: sum(r.owns for r in readers[1:]) == 3)
    leave(readers)


def leave(readers):
    for r in readers:
        r.leave.set()
    for r in readers:
        r.join(15)
    assert not any(r.error for r in readers), [r.error for r in readers]


def values(name, partitions, n):
    """The numbers that stand in each partition, n in all."""
    consumer = Consumer(dict(common, **{"group.id": "none", "enable.auto.commit": False}))
    consumer.assign([TopicPartition(name, p, 0) for p in range(partitions)])
    seen = {p: [] for p in range(partitions)}

    def enough():
        for m in consumer.consume(500, 0.1):
            if not m.error():
                seen[m.partition()].append(int(m.value()))
        return sum(map(len, seen.values())) >= n

    until("%d records" % n, enough)
    consumer.close()
    return seen


def failover():
    result(admin.create_topics([NewTopic(faults, 6, 3, config={"min.insync.replicas": "2"})]))
    sent, reports, stop = [0], [], threading.Event()

    def write():
        producer = Producer(dict(common, **{"enable.idempotence": True, "reconnect.backoff.max.ms": 500}))
        while not stop.is_set():
            producer.produce(faults, b"%d" % sent[0], partition=sent[0] % 6, on_delivery=lambda e, m: reports.append(e))
            sent[0] += 1
            producer.poll(0.001)
        producer.flush(30)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    read = {}
    readers = [Reader(faults, "confluent-faults", read, "cooperative-sticky") for _ in range(2)]
    for r in readers:
        r.start()
    for node in (1, 2, 3):
        for what in ("kill", "restart"):
            before = len(reports)
            please("%s %d" % (what, node))
            until("records after %s %d" % (what, node), lambda: len(reports) > before + 200)
    stop.set()
    writer.join(45)
    assert len(reports) == sent[0] and all(e is None for e in reports), (len(reports), sent[0], [e.name() for e in reports if e is not None][:3])
    seen = values(faults, 6, sent[0])
    assert sorted(sum(seen.values(), [])) == list(range(sent[0])), "records lost or doubled"
    assert all(v == sorted(v) for v in seen.values()), "records out of order"
    until("three partitions for each member, and all records in the group", lambda: [r.owns for r in readers] == [3, 3] and len(read) == sent[0])
    assert sorted(map(int, read.values())) == list(range(sent[0])), "other records in the group"
    leave(readers)


topics()
produce()
consume()
rebalance("range", False)
rebalance("cooperative-sticky", False)
rebalance("range", True)
failover()
result(admin.delete_topics([topic]))
assert topic not in admin.list_topics(timeout=10).topics
print("done")
