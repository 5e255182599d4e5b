// Package kafka is a client of Kafka clusters on franz-go: it finds brokers (by address, by a client.properties, or
// through ZooKeeper), says quickly and by name why none is found, administers topics, configurations and groups,
// and writes and reads records. The values are those of kmodel. It stands in front of franz-go: no other package of
// the shell knows it. It prints nothing and logs nothing.
//
//	c, err := kafka.Dial(ctx, kafka.Config{Bootstrap: "127.0.0.1:9092"})
//	defer c.Close()
//	topics, err := c.Topics(ctx)
//
// The shell is given it as its command.Kafka; cmd/zoka makes it.
package kafka
