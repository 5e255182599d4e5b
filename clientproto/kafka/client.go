package kafka

import (
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// How long requests are tried again. A person waits for the answer, and a broker that has failed is replaced within
// a second or two.
const (
	patience     = 5 * time.Second
	firstBackoff = 50 * time.Millisecond
	lastBackoff  = time.Second
)

// client makes a franz-go client for this cluster. Close ends it, or release.
func (c *Client) client(more ...kgo.Opt) (*kgo.Client, error) {
	opts, err := c.settings.options()
	if err != nil {
		return nil, err
	}
	opts = append(opts, kgo.SeedBrokers(c.addrs()...), kgo.Dialer(c.dialer.dial))
	cl, err := kgo.NewClient(append(opts, more...)...)
	if err != nil {
		return nil, &ConfigError{Err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished {
		defer cl.Close()
		return nil, &LostError{kgo.ErrClientClosed}
	}
	c.owned[cl] = struct{}{}
	return cl, nil
}

// addrs are where a client may begin: where the cluster was found, and all brokers that it is known to have. The one that
// answered first may be the next to die.
func (c *Client) addrs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.seeds)
	for _, id := range slices.Sorted(maps.Keys(c.brokers)) {
		if addr := c.brokers[id]; !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	return all
}

// release ends a client of c.client.
func (c *Client) release(cl *kgo.Client) {
	c.mu.Lock()
	delete(c.owned, cl)
	c.mu.Unlock()
	cl.CloseAllowingRebalance()
}

// options are those that all clients of a cluster have.
func (s *settings) options() ([]kgo.Opt, error) {
	opts := []kgo.Opt{
		kgo.ClientID(s.clientID),
		kgo.SoftwareNameAndVersion("zoka", "1"),
		kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(100 * time.Millisecond),
		// That a first answer does not come is no sign of a wrong security.protocol: Dial has had one. A broker dies.
		kgo.AlwaysRetryEOF(),
		kgo.RetryBackoffFn(s.backoff),
		kgo.RetryTimeoutFn(func(key int16) time.Duration {
			switch kmsg.Key(key) {
			case kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat:
				return 45 * time.Second
			}
			return patience
		}),
	}
	mechanism, err := s.saslMechanism()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		opts = append(opts, kgo.SASL(mechanism))
	}
	if s.rack != "" {
		opts = append(opts, kgo.Rack(s.rack))
	}
	for _, row := range []struct {
		value time.Duration
		opt   func(time.Duration) kgo.Opt
	}{
		{s.requestTimeout, kgo.RequestTimeoutOverhead},
		{s.idle, kgo.ConnIdleTimeout},
		{s.metadataAge, kgo.MetadataMaxAge},
	} {
		if row.value > 0 {
			opts = append(opts, row.opt(row.value))
		}
	}
	return opts, nil
}

// backoff is the wait before the nth new try.
func (s *settings) backoff(n int) time.Duration {
	wait := firstBackoff
	if s.retryBackoff > 0 {
		wait = s.retryBackoff
	}
	for ; n > 1 && wait < lastBackoff; n-- {
		wait *= 2
	}
	return min(wait, max(lastBackoff, s.retryBackoff))
}
