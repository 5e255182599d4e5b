package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// errSilence is an answer that did not come.
var errSilence = errors.New("no answer in time")

// blame makes an error of an address that could not be dialled: one that nobody gave, and that was never reached, is a
// broker's wrong idea of where it is; any other is that of a broker that has gone.
func (c *Client) blame(f *fault) error {
	known := c.dialer.wasGood(f.addr) || slices.Contains(strings.Split(c.bootstrap, ","), f.addr)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !known {
		for id, addr := range c.brokers {
			if addr == f.addr {
				return &AdvertisedError{Broker: id, Addr: addr, Bootstrap: c.bootstrap, Err: f.err}
			}
		}
	}
	return &UnreachableError{Servers: f.addr, Err: f.err}
}

// guilty is the fault that is to blame for err, nil where it is none of dialling: that some broker cannot be reached says
// nothing of what another has not answered.
func (c *Client) guilty(err error) *fault {
	f := c.dialer.latestFault()
	if f == nil || undelivered(err) {
		return f
	}
	for _, addr := range c.addrs() {
		if f := c.dialer.faultOf(addr); f == nil || time.Since(f.when) > fresh {
			return nil
		}
	}
	return f
}

// inquest bounds the question why a record was not acknowledged.
const inquest = 2 * time.Second

// inquire asks all brokers at once for a topic: some may be what the question is about. The first answer counts.
func (c *Client) inquire(name string) (kmodel.Topic, error) {
	ctx, cancel := context.WithTimeout(context.Background(), inquest)
	defer cancel()
	brokers := c.kgo.SeedBrokers()
	answers := make(chan *kmsg.MetadataResponse, len(brokers))
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	for _, b := range brokers {
		asking.Go(func() {
			req := kmsg.NewPtrMetadataRequest()
			t := kmsg.NewMetadataRequestTopic()
			t.Topic = kmsg.StringPtr(name)
			req.Topics = append(req.Topics, t)
			resp, _ := req.RequestWith(ctx, b)
			answers <- resp
		})
	}
	for range brokers {
		if resp := <-answers; resp != nil && len(resp.Topics) == 1 && resp.Topics[0].Topic != nil {
			c.learn(resp)
			return topic(name, resp.Topics[0]), nil
		}
	}
	return kmodel.Topic{}, errSilence
}

// whyLate says why a record of a topic's partition was not acknowledged: who leads it may be unreachable, or nobody; or it
// takes its time.
func (c *Client) whyLate(t kmodel.Topic, id int32) error {
	if t.Err != nil {
		return t.Err
	}
	i := slices.IndexFunc(t.Partitions, func(p kmodel.Partition) bool { return p.ID == id })
	if i < 0 {
		return errSilence
	}
	at, name := t.Partitions[i], kmodel.TopicPartition{Topic: t.Name, Partition: id}
	if at.Leader < 0 {
		return &ServerError{Code: kproto.LeaderNotAvailable, Message: name.String() + " has no leader: its replicas are down"}
	}
	c.mu.Lock()
	addr := c.brokers[at.Leader]
	c.mu.Unlock()
	if f := c.dialer.faultOf(addr); f != nil {
		return c.blame(f)
	}
	return fmt.Errorf("broker %d, which leads %s, did not confirm it in time (in sync: %d)", at.Leader, name, at.ISR)
}
