// Package judges runs other projects' own test suites against zoka's server and, beside
// it, against Apache's: go-zookeeper's and kazoo's. What passes on Apache's server must
// pass on ours.
//
// The suites start servers themselves. Ours comes to them in the shape that each
// expects: a zkServer.sh, or a java command.
//
// Kafka's clients have programs in testdata, which use three brokers of ours as their users' programs would:
// Apache's own of today, librdkafka and kafka-python.
//
// It also has Kafka's own tool and broker judge the files of partition logs, and Kafka's broker use an ensemble of ours.
package judges
