package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// kafkaVersion is the release of Apache Kafka that the brokers are measured beside.
const kafkaVersion = "2.7.2"

// kafkaHome is where scripts/peers/peers.sh puts it.
func kafkaHome() (string, error) {
	dir := os.Getenv("ZOKA_KAFKA27")
	if dir == "" {
		root := os.Getenv("ZOKA_PEERS_DIR")
		if root == "" {
			root = filepath.Join(os.Getenv("HOME"), ".cache", "zoka-peers")
		}
		dir = filepath.Join(root, "kafka27")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "ok")); err != nil || strings.TrimSpace(string(b)) != kafkaVersion {
		return "", fmt.Errorf("no Kafka %s in %s: scripts/peers/peers.sh install kafka27", kafkaVersion, dir)
	}
	return dir, nil
}

// cluster is three brokers of one kind on three servers of the same kind.
type cluster struct {
	zoo     *ensemble
	home    string // of Apache's
	ports   []int
	brokers []*server
}

// launchCluster starts three servers and three brokers on empty folders and waits for none.
func (b *bench) launchCluster(ctx context.Context, k kind, name string) (*cluster, error) {
	c := &cluster{brokers: make([]*server, nodes)}
	var err error
	if k != kinds[0] {
		if c.home, err = kafkaHome(); err != nil {
			return nil, err
		}
	}
	if c.ports, err = freePorts(nodes); err != nil {
		return nil, err
	}
	if c.zoo, err = b.launchThree(ctx, k, name); err != nil {
		return nil, err
	}
	for i := range nodes {
		if err := c.launch(ctx, i); err != nil {
			c.end()
			return nil, err
		}
	}
	return c, nil
}

// clusters calls f with a new cluster that serves, each side in turn.
func (b *bench) clusters(ctx context.Context, name string, f func(c *cluster) error) error {
	return b.turns(func(k kind, round int) error {
		c, err := b.launchCluster(ctx, k, fmt.Sprintf("%s-%s-%d", name, k.name, round))
		if err != nil {
			return err
		}
		defer c.end()
		if err := c.await(ctx); err != nil {
			return fmt.Errorf("%w\n%s", err, c.lastWords())
		}
		return f(c)
	})
}

// launch starts one broker, on what its folder has. The settings are Kafka's own defaults but for what the ports and the
// number of brokers ask for.
func (c *cluster) launch(ctx context.Context, i int) error {
	b := c.zoo.b
	dir := filepath.Join(c.zoo.dir, "broker"+strconv.Itoa(i+1))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "server.properties")
	text := fmt.Sprintf("broker.id=%d\nlisteners=PLAINTEXT://%s\nlog.dirs=%s\nzookeeper.connect=%s\n", i+1, c.addr(i),
		filepath.Join(dir, "logs"), strings.Join(c.zoo.addrs(), ","))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return err
	}
	s := &server{kind: c.zoo.kind, dir: dir, addr: c.addr(i)}
	if c.home == "" {
		s.cmd = exec.CommandContext(ctx, b.zoka, "broker", file)
	} else {
		// The heap is that of Apache's kafka-server-start.sh, and so are the options of the collector.
		s.cmd = exec.CommandContext(ctx, "java", "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20",
			"-XX:InitiatingHeapOccupancyPercent=35", "-Djava.awt.headless=true",
			"-Dlog4j.configuration=file:"+filepath.Join(c.home, "server-log.properties"), "-cp", filepath.Join(c.home, "libs", "*"), "kafka.Kafka", file)
	}
	log, err := os.OpenFile(filepath.Join(dir, "server.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	c.brokers[i] = s
	return nil
}

func (c *cluster) addr(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.ports[i])) }

func (c *cluster) addrs() []string {
	all := make([]string, nodes)
	for i := range all {
		all[i] = c.addr(i)
	}
	return all
}

// end kills all of it.
func (c *cluster) end() {
	for _, s := range c.brokers {
		if s != nil {
			s.kill()
		}
	}
	c.zoo.end()
}

// client is a foreign client, which has no wait of its own where a leader is sought.
func (c *cluster) client(more ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(c.addrs()...), kgo.MetadataMinAge(100 * time.Millisecond)}, more...)...)
}

// lastWords are the ends of the brokers' logs.
func (c *cluster) lastWords() string {
	var all strings.Builder
	for _, s := range c.brokers {
		log, err := os.ReadFile(filepath.Join(s.dir, "server.out"))
		fmt.Fprintln(&all, s.addr, err, string(log[max(0, len(log)-500):]))
	}
	return all.String()
}

// await waits until all brokers are registered.
func (c *cluster) await(ctx context.Context) error { return c.awaitBrokers(ctx, nodes) }

// awaitBrokers waits until so many brokers are registered, and one is the controller.
func (c *cluster) awaitBrokers(ctx context.Context, n int) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		ask, cancel := context.WithTimeout(ctx, 5*time.Second)
		// Asked for more than it keeps, the client asks a broker, and does not answer from what it has seen before.
		meta, err := kadm.NewClient(cl).BrokerMetadata(kadm.WithAuthorizedOps(ask))
		cancel()
		if err == nil && len(meta.Brokers) == n && meta.Controller >= 0 {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.New("there are not as many brokers as expected after two minutes")
}

// topic creates a topic with three replicas, and waits until all partitions can be written.
func (c *cluster) topic(ctx context.Context, cl *kgo.Client, name string, partitions int32) error {
	admin := kadm.NewClient(cl)
	created, err := admin.CreateTopic(ctx, partitions, nodes, nil, name)
	if err == nil {
		err = created.Err
	}
	if err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	return c.allInSync(ctx, cl, name)
}

// allInSync waits until every partition of a topic has a leader and all replicas in its ISR.
func (c *cluster) allInSync(ctx context.Context, cl *kgo.Client, topic string) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		topics, err := kadm.NewClient(cl).ListTopics(ctx, topic)
		if err != nil {
			return err
		}
		ready := len(topics[topic].Partitions) > 0
		for _, p := range topics[topic].Partitions {
			ready = ready && p.Err == nil && p.Leader >= 0 && len(p.ISR) == nodes
		}
		if ready {
			return nil
		}
	}
	return fmt.Errorf("topic %s is not in sync after a minute", topic)
}

// resident is the mean resident memory of a broker in MB.
func (c *cluster) resident() (float64, error) {
	var sum float64
	for _, s := range c.brokers {
		mb, err := s.resident()
		if err != nil {
			return 0, err
		}
		sum += mb
	}
	return sum / nodes, nil
}
