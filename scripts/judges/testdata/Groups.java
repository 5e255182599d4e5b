import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.*;

/** Groups of three of Apache's consumers, by each assignor, on the brokers given as the argument: members come and leave. */
public class Groups {
  static final int RECORDS = 600, PARTITIONS = 6;
  static final String TOPIC = "java";
  static Map<String, Object> common;

  public static void main(String[] args) throws Exception {
    common = Map.of("bootstrap.servers", args[0]);
    try (Admin admin = Admin.create(common)) {
      admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 3))).all().get();
      try (var producer = new KafkaProducer<>(common, new StringSerializer(), new StringSerializer())) {
        for (int i = 0; i < RECORDS; i++) producer.send(new ProducerRecord<>(TOPIC, i % PARTITIONS, null, "v" + i));
      }
      for (String assignor : List.of("Range", "RoundRobin", "Sticky", "CooperativeSticky")) new Groups(assignor, false).run(admin);
      for (String assignor : List.of("Range", "CooperativeSticky")) new Groups(assignor, true).run(admin);
    }
    System.out.println("done");
  }

  /** One member: a thread with its consumer. */
  class Member extends Thread {
    final int number;
    volatile boolean leave;
    volatile int owns;

    Member(int number) {
      this.number = number;
      start();
    }

    @Override
    public void run() {
      Map<String, Object> settings = new HashMap<>(common);
      settings.putAll(Map.of("group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", false, "session.timeout.ms", 6000,
          "heartbeat.interval.ms", 100, "partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor + "Assignor"));
      if (fixed) settings.put("group.instance.id", "member-" + number);
      try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
        consumer.subscribe(List.of(TOPIC), new ConsumerRebalanceListener() {
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) { revoked.addAndGet(partitions.size()); }
          public void onPartitionsLost(Collection<TopicPartition> partitions) { lost.addAndGet(partitions.size()); }
        });
        while (!leave) {
          var records = consumer.poll(Duration.ofMillis(50));
          owns = consumer.assignment().size();
          for (var r : records) seen.add(r.value());
          try {
            if (!records.isEmpty()) consumer.commitSync();
          } catch (RebalanceInProgressException | CommitFailedException e) {
            // The partitions' next owner reads these records again.
          }
        }
        if (!fixed) owns = 0;
      } catch (Throwable e) {
        errors.add(e);
      }
    }

    void end() throws InterruptedException {
      leave = true;
      join();
    }
  }

  final String assignor, group;
  final boolean fixed;
  final Set<String> seen = ConcurrentHashMap.newKeySet();
  final AtomicInteger revoked = new AtomicInteger(), lost = new AtomicInteger();
  final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
  final Member[] members = new Member[3];

  Groups(String assignor, boolean fixed) {
    this.assignor = assignor;
    this.fixed = fixed;
    group = assignor + (fixed ? "-static" : "");
  }

  void run(Admin admin) throws Exception {
    members[0] = new Member(0);
    until("all partitions for the first member", () -> owned().equals(List.of(6)));
    members[1] = new Member(1);
    members[2] = new Member(2);
    until("two partitions each, and all records", () -> owned().equals(List.of(2, 2, 2)) && seen.size() == RECORDS);
    int before = revoked.get();
    // Cooperative members give up what they lose alone; the others all they have, at each of the one or two rebalances.
    check(assignor.startsWith("Cooperative") ? before == 4 : before >= 6, "revoked " + before);
    members[0].end();
    if (fixed) {
      members[0] = new Member(0);
      until("the member with an id of its own to be back", () -> owned().equals(List.of(2, 2, 2)));
      check(revoked.get() - before <= 2, "a static member's return revoked " + (revoked.get() - before));
    } else {
      until("all partitions for the two that stay", () -> owned().equals(List.of(0, 3, 3)));
    }
    for (Member m : members) m.end();
    check(errors.isEmpty() && lost.get() == 0, "errors " + errors + ", lost " + lost);
    if (fixed) {
      var all = new ArrayList<MemberToRemove>();
      for (int i = 0; i < 3; i++) all.add(new MemberToRemove("member-" + i));
      admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions(all)).all().get();
    }
    var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    check(committed.size() == PARTITIONS && committed.values().stream().allMatch(o -> o.offset() == RECORDS / PARTITIONS), "committed " + committed);
    admin.deleteConsumerGroups(List.of(group)).all().get();
  }

  List<Integer> owned() {
    var counts = new ArrayList<Integer>();
    for (Member m : members) if (m != null) counts.add(m.owns);
    return counts;
  }

  void check(boolean good, String otherwise) {
    if (!good) throw new AssertionError(group + ": " + otherwise);
  }

  void until(String what, BooleanSupplier ready) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!ready.getAsBoolean()) {
      check(System.nanoTime() < end, "no " + what + ": " + owned() + ", " + seen.size() + " records, " + errors);
      Thread.sleep(20);
    }
  }
}
