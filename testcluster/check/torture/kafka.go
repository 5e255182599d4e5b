package torture

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/check/records"
)

// Times of brokers and of their clients, short as the ensemble's: most pauses are longer than a session.
const (
	brokerSession = 1500 * time.Millisecond
	memberSession = 2 * time.Second
)

// brokerSettings are the brokers'. Segments are small, so that they roll under the faults.
var brokerSettings = []string{
	"zookeeper.session.timeout.ms=1500",
	"zookeeper.connection.timeout.ms=60000",
	"replica.lag.time.max.ms=1500",
	"min.insync.replicas=2",
	"default.replication.factor=3",
	"auto.create.topics.enable=false",
	"offsets.topic.replication.factor=3",
	"offsets.topic.num.partitions=3",
	"group.initial.rebalance.delay.ms=100",
	"group.min.session.timeout.ms=500",
	"log.segment.bytes=262144",
}

const (
	kafkaTopic      = "torture"
	kafkaGroup      = "torturers"
	kafkaPartitions = 6
	kafkaProducers  = 3
	kafkaMembers    = 4
)

// kafka is the load on the brokers, with all that its clients were told.
type kafka struct {
	*run
	admin   *kadm.Client
	members []*member

	mu struct {
		sync.Mutex
		producers int
		sent      []records.Sent // each producer's in its order
		given     []records.Given
		committed map[int32]int64 // the greatest offset whose commit was acknowledged
	}
}

// connectKafka makes the topic and the clients.
func (r *run) connectKafka() error {
	k := &kafka{run: r}
	r.kafka = k
	k.mu.committed = map[int32]int64{}
	c, err := k.client()
	if err != nil {
		return err
	}
	k.admin = kadm.NewClient(c)
	ctx, cancel := context.WithTimeout(r.life, 30*time.Second)
	defer cancel()
	answer, err := k.admin.CreateTopic(ctx, kafkaPartitions, 3, nil, kafkaTopic)
	if err == nil {
		err = answer.Err
	}
	if err != nil {
		return fmt.Errorf("create the topic: %w", err)
	}
	for i := range kafkaProducers {
		r.clients = append(r.clients, &producer{kafka: k, rnd: r.chance(3000 + i)})
	}
	r.clients = append(r.clients, &mover{kafka: k, rnd: r.chance(5000)})
	for i := range kafkaMembers {
		m := &member{kafka: k, at: i, rnd: r.chance(4000 + i)}
		k.members = append(k.members, m)
		r.clients = append(r.clients, m)
	}
	return nil
}

// client is a client of all brokers, impatient as its cluster.
func (k *kafka) client(more ...kgo.Opt) (*kgo.Client, error) {
	var brokers []string
	for _, n := range k.nodes {
		brokers = append(brokers, n.Broker)
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(brokers...),
		kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.MetadataMaxAge(2 * time.Second),
		kgo.DialTimeout(time.Second),
		kgo.RequestTimeoutOverhead(3 * time.Second),
		kgo.ProduceRequestTimeout(3 * time.Second),
		kgo.RetryBackoffFn(func(tries int) time.Duration {
			return min(time.Duration(tries)*20*time.Millisecond, 300*time.Millisecond)
		}),
	}
	return kgo.NewClient(append(options, more...)...)
}

func (k *kafka) close() { k.admin.Close() }

// controller is the node whose broker is the controller, or 0.
func (k *kafka) controller(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	// Asked for more than it keeps, the client asks a broker, and does not answer from what it has seen before.
	m, err := k.admin.BrokerMetadata(kadm.WithAuthorizedOps(ctx))
	if err != nil {
		return 0
	}
	return max(0, int(m.Controller))
}
