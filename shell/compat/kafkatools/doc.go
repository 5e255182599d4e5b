// Package kafkatools is zoka in the place of Apache Kafka's command line tools: kafka-topics.sh,
// kafka-console-producer.sh, kafka-console-consumer.sh, kafka-consumer-groups.sh, kafka-configs.sh,
// kafka-get-offsets.sh and kafka-delete-records.sh. It has the flags of Kafka 2.7 and of Kafka 4 together, with both
// spellings of those that KIP-1147 has renamed, and writes what Apache's write, on the channels that Apache's use.
//
//	os.Exit(kafkatools.Run(ctx, "kafka-topics.sh", os.Args[1:], cfg))
//
// It knows no socket: cmd/zoka hands in what dials brokers and ZooKeeper. Where the two releases write different
// things, [Config.Release] chooses; a flag that only 2.7 had, such as --zookeeper, chooses 2.7. What differs from
// Apache's on purpose is in [Differences].
//
// Sources: kafka.admin and kafka.tools of 2.7.2, org.apache.kafka.tools of 4.2.0, joptsimple 5.
package kafkatools
