"""What a program does with kafka-python, on the brokers given as the argument: Debian's python3-kafka is 2.0."""
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import InvalidConfigurationError, MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

servers = sys.argv[1].split(",")
topic, group = "kafka-python", "python-readers"
first = int(time.time() * 1000) - 100_000
admin = KafkaAdminClient(bootstrap_servers=servers)
parts = [TopicPartition(topic, p) for p in range(3)]


def fails(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError("no " + error.__name__)


def until(what, ready, seconds=30):
    end = time.time() + seconds
    while not ready():
        assert time.time() < end, what
        time.sleep(0.05)


def topics():
    def create(name, config):
        admin.create_topics([NewTopic(name, 2, 3, topic_configs=config)], timeout_ms=15_000)

    create(topic, {"max.message.bytes": "200000"})
    fails(TopicAlreadyExistsError, lambda: create(topic, {}))
    fails(InvalidConfigurationError, lambda: create("other", {"no.such.key": "1"}))
    admin.create_partitions({topic: NewPartitions(3)})
    described = admin.describe_topics([topic])[0]["partitions"]
    assert len(described) == 3 and all(len(p["isr"]) == 3 for p in described), described
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "300000"})
    admin.alter_configs([resource])
    until("max.message.bytes=300000", lambda: "300000" in str(admin.describe_configs([resource])))
    assert len(admin.describe_cluster()["brokers"]) == 3


def produce():
    for settings in ({"acks": "all"}, {"acks": 1}, {"acks": 0}, {"acks": "all", "compression_type": "gzip"}):
        producer = KafkaProducer(bootstrap_servers=servers, linger_ms=5, **settings)
        sent = [
            producer.send(topic, key=b"k%d" % i, value=b"v%d" % i if i % 9 else None, headers=[("h", b"%d" % i)],
                          partition=i % 3, timestamp_ms=first + i)
            for i in range(300)
        ]
        for s in sent:
            s.get(15)
        producer.close()
    producer = KafkaProducer(bootstrap_servers=servers, max_request_size=10_000_000, retries=0)
    producer.send(topic, b"x" * 290_000, partition=0).get(15)
    fails(MessageSizeTooLargeError, lambda: producer.send(topic, b"x" * 300_001, partition=0).get(15))
    producer.close()


def consume():
    consumer = KafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    consumer.assign(parts)
    got = []

    def enough(n):
        for records in consumer.poll(200).values():
            got.extend(records)
        return len(got) >= n

    until("1201 records", lambda: enough(1201))
    for p in range(3):
        assert [r.offset for r in got if r.partition == p] == list(range(401 if p == 0 else 400))
    small = [r for r in got if r.key]
    assert all(r.timestamp >= first and r.headers == [("h", r.key[1:])] for r in small)
    assert sum(r.value is None for r in small) == 4 * 34
    assert consumer.end_offsets(parts) == {parts[0]: 401, parts[1]: 400, parts[2]: 400}
    assert consumer.offsets_for_times({parts[0]: first + 30})[parts[0]].offset == 10
    got.clear()
    consumer.pause(*parts[1:])
    consumer.seek(parts[0], 390)
    until("11 records", lambda: enough(11))
    assert got[0].offset == 390 and len(got) == 11
    consumer.close()


class Reader(threading.Thread):
    """A member of the group, until it is told to leave."""

    def __init__(self, seen):
        super().__init__(daemon=True)
        self.seen, self.leave, self.owns, self.error = seen, threading.Event(), 0, None

    def run(self):
        try:
            consumer = KafkaConsumer(topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest",
                                     enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=200)
            while not self.leave.is_set():
                records = consumer.poll(100)
                self.owns = len(consumer.assignment())
                for r in sum(records.values(), []):
                    self.seen.add((r.partition, r.offset))
            consumer.commit()
            consumer.close()
        except Exception as e:
            self.error = e


def rebalance():
    seen = set()
    readers = [Reader(seen), Reader(seen)]
    for r in readers:
        r.start()
    until("two members with all partitions, and all records",
          lambda: sorted(r.owns for r in readers) == [1, 2] and len(seen) == 1201)
    readers[0].leave.set()
    readers[0].join(15)
    until("all partitions of the one that stays", lambda: readers[1].owns == 3)
    readers[1].leave.set()
    readers[1].join(15)
    assert not any(r.error for r in readers), [r.error for r in readers]
    assert (group, "consumer") in admin.list_consumer_groups()
    assert admin.describe_consumer_groups([group])[0].state == "Empty"
    committed = admin.list_consumer_group_offsets(group)
    assert committed == {p: OffsetAndMetadata(401 if p == parts[0] else 400, "") for p in parts}, committed
    admin.delete_consumer_groups([group])


for step in (topics, produce, consume, rebalance):
    step()
admin.delete_topics([topic], timeout_ms=15_000)
assert topic not in admin.list_topics()
print("done")
