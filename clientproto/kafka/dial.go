package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Config says how to reach a cluster.
type Config struct {
	// Bootstrap are host:port[,host:port…] of some of its brokers; the port is 9092 where it is left out. Empty: what
	// File names, else what ZooKeeper knows.
	Bootstrap string
	// File is a client.properties, with the names of Java's clients; "" is none.
	File string
	// ZooKeeper is where brokers are looked up when no address is given; nil is nowhere.
	ZooKeeper Znodes
	// Listener chooses among the addresses that ZooKeeper has of a broker; "" is the one with the security protocol.
	Listener string
	// Timeout bounds Dial; 0 is 10 seconds.
	Timeout time.Duration
	// Warn is told what of File does not count, and why records that are waited for do not come. Nil is nobody.
	Warn func(string)
}

// Client is a cluster. Its methods may be called by several goroutines.
type Client struct {
	settings  settings
	bootstrap string
	seeds     []string
	dialer    *dialer
	kgo       *kgo.Client // for everything but records
	admin     *kadm.Client
	warn      func(string)

	mu       sync.Mutex
	brokers  map[int32]string // where they say that they are
	owned    map[*kgo.Client]struct{}
	finished bool
}

// Dial finds a cluster and returns when one of its brokers has answered. The errors are *[ConfigError],
// *[UnreachableError] and those of ctx.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	s := defaultSettings()
	if cfg.File != "" {
		if err := s.load(cfg.File, cfg.Warn); err != nil {
			return nil, err
		}
	}
	tls, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	mechanism, err := s.saslMechanism()
	if err != nil {
		return nil, err
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	c := &Client{settings: s, warn: cfg.Warn, dialer: newDialer(s.connectTimeout, tls, mechanism != nil), brokers: map[int32]string{}, owned: map[*kgo.Client]struct{}{}}
	if err := c.find(limited, cfg); err != nil {
		c.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	return c, nil
}

// find looks for a broker that answers.
func (c *Client) find(ctx context.Context, cfg Config) error {
	addrs := cfg.Bootstrap
	if addrs == "" {
		addrs = c.settings.bootstrap
	}
	var list []string
	var err error
	switch {
	case addrs != "":
		list, err = parseAddrs(addrs)
	case cfg.ZooKeeper != nil:
		list, err = discover(ctx, cfg.ZooKeeper, c.settings.protocol, cfg.Listener)
	default:
		err = &ConfigError{Err: errors.New("no broker is named, neither as a bootstrap server nor in a configuration file, and no ZooKeeper to ask")}
	}
	if err != nil {
		return err
	}
	c.bootstrap = strings.Join(list, ",")
	if c.seeds, err = c.accept(ctx, list); err != nil {
		return err
	}
	if c.kgo, err = c.client(); err != nil {
		return err
	}
	c.admin = kadm.NewClient(c.kgo)
	return c.ask(ctx)
}

// parseAddrs takes host:port[,host:port…].
func parseAddrs(text string) ([]string, error) {
	var addrs []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if i := strings.Index(part, "://"); i >= 0 { // as in advertised.listeners
			part = part[i+3:]
		}
		host, port, err := net.SplitHostPort(part)
		if err != nil && !strings.Contains(part, ":") {
			host, port, err = part, "9092", nil
		}
		if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(part, "/ ") {
			return nil, &ConfigError{Err: fmt.Errorf("%q is no HOST:PORT of a broker", part)}
		}
		addrs = append(addrs, net.JoinHostPort(host, port))
	}
	if len(addrs) == 0 {
		return nil, &ConfigError{Err: fmt.Errorf("%q names no broker", text)}
	}
	return addrs, nil
}

// accept dials all addresses at once and returns those where a broker answered when the first did; the connections are
// kept. The error says of each why not.
func (c *Client) accept(ctx context.Context, addrs []string) ([]string, error) {
	type outcome struct {
		addr string
		err  error
	}
	outcomes := make(chan outcome, len(addrs))
	var wg sync.WaitGroup
	dialing, stop := context.WithCancel(ctx)
	defer wg.Wait()
	defer stop()
	for _, addr := range addrs {
		wg.Go(func() {
			err := c.dialer.reach(dialing, addr)
			if err != nil {
				err = c.diagnose(dialing, addr, err)
			}
			outcomes <- outcome{addr, err}
		})
	}
	var good []string
	var bad []error
	for len(good)+len(bad) < len(addrs) && (len(good) == 0 || len(outcomes) > 0) {
		o := <-outcomes
		if o.err == nil {
			good = append(good, o.addr)
		} else if len(addrs) > 1 {
			bad = append(bad, fmt.Errorf("%s: %w", o.addr, o.err))
		} else {
			bad = append(bad, o.err)
		}
	}
	if len(good) == 0 {
		slices.SortFunc(bad, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		servers := strings.Join(addrs, ",")
		return nil, &UnreachableError{Servers: servers, Err: &joined{bad}}
	}
	return good, nil
}

// joined is several errors on one line.
type joined struct{ errs []error }

func (e *joined) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e *joined) Unwrap() []error { return e.errs }

// ask puts the first question to the seeds, one after another: for the list of brokers.
func (c *Client) ask(ctx context.Context) error {
	var bad []error
	for i, seed := range c.kgo.SeedBrokers() {
		req := kmsg.NewPtrMetadataRequest()
		req.Topics = []kmsg.MetadataRequestTopic{}
		limited, cancel := context.WithTimeout(ctx, c.settings.connectTimeout+time.Second)
		resp, err := seed.Request(limited, req)
		cancel()
		if err == nil {
			c.learn(resp.(*kmsg.MetadataResponse))
			return c.kgo.UpdateSeedBrokers(c.addrs()...)
		}
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		bad = append(bad, &UnreachableError{Servers: c.seeds[min(i, len(c.seeds)-1)], Err: c.refused(err)})
	}
	if len(bad) == 1 {
		return bad[0]
	}
	return &UnreachableError{Err: &joined{bad}}
}

// learn notes where the brokers are.
func (c *Client) learn(resp *kmsg.MetadataResponse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range resp.Brokers {
		c.brokers[b.NodeID] = net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
	}
}

// Bootstrap are the addresses that the cluster was found by.
func (c *Client) Bootstrap() string { return c.bootstrap }

// Close lets go of all connections, those of producers and consumers too.
func (c *Client) Close() {
	c.mu.Lock()
	c.finished = true
	owned := c.owned
	c.owned = map[*kgo.Client]struct{}{}
	c.mu.Unlock()
	for cl := range owned {
		cl.Close()
	}
	c.dialer.drop(true)
}
