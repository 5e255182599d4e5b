package kbroker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

const (
	// leavePatience bounds the handing over of leaderships.
	leavePatience = 10 * time.Second
	// lostPatience is how long a broker that leaves waits for ZooKeeper to come back.
	lostPatience = time.Second
	// farewellPatience bounds the end of the session.
	farewellPatience = 2 * time.Second
)

// Close hands the partitions that the broker leads to others, stops serving, flushes the logs and ends the session with
// ZooKeeper, in this order. Where ZooKeeper or the controller does not answer it goes on without: it takes seconds at
// most. All goroutines of the broker have ended when it returns. Source: KafkaServer.shutdown.
func (b *Broker) Close() error {
	var err error
	b.end(func() { err = b.close() })
	return err
}

func (b *Broker) close() error {
	b.leave()
	if b.server != nil {
		b.server.Close()
	}
	b.closeListeners()
	var errs []error
	if b.admin != nil {
		b.admin.Close()
	}
	if b.groups != nil {
		b.groups.Close()
	}
	if b.parts != nil {
		errs = append(errs, b.parts.Close())
	}
	if b.control != nil {
		errs = append(errs, b.control.Close())
	}
	b.cancel()
	b.wg.Wait()
	errs = append(errs, b.closeLogs())
	if b.mirror != nil {
		b.mirror.Close()
	}
	if b.zk != nil {
		ctx, cancel := context.WithTimeout(context.Background(), farewellPatience)
		defer cancel()
		if err := b.zk.Close(ctx); err != nil {
			b.log.Warn("the session with ZooKeeper is left to expire", "err", err)
		}
	}
	b.links.cut()
	b.applied.end()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the broker: %w", err)
	}
	return nil
}

// leave is the controlled shutdown. Without ZooKeeper nobody can take over, so it is not tried, or given up.
func (b *Broker) leave() {
	if b.server == nil || !b.o.Config.Control.ControlledShutdown {
		return
	}
	if b.isForeign() {
		b.log.Warn("no controlled shutdown: who would be asked is another cluster's controller")
		return
	}
	if b.zk.State() != zkproto.StateSyncConnected {
		b.log.Warn("no controlled shutdown: there is no connection to ZooKeeper")
		return
	}
	b.parts.StopFollowing() // or its leaders would take it back among the replicas in sync
	ctx, cancel := context.WithTimeout(b.ctx, leavePatience)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		b.cancelWhenLost(ctx, cancel)
	}()
	err := b.control.Leave(ctx)
	cancel()
	<-watched
	if err != nil {
		b.log.Warn("controlled shutdown: some partitions have lost their leader", "err", err)
	}
}

// cancelWhenLost cancels ctx when the connection to ZooKeeper has been lost for lostPatience.
func (b *Broker) cancelWhenLost(ctx context.Context, cancel context.CancelFunc) {
	look := time.NewTicker(lostPatience / 10)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if lost, _ := b.session.state(); !lost.IsZero() && time.Since(lost) > lostPatience {
			cancel()
			return
		}
	}
}

func (b *Broker) closeListeners() {
	for _, l := range b.listeners {
		_ = l.Close() // the server has closed those that it served
	}
}

// Kill ends the broker as the end of its process would: nothing is handed over, flushed or written, and the session is
// left for ZooKeeper to expire. All goroutines of the broker have ended when it returns.
func (b *Broker) Kill() {
	b.end(func() {
		b.links.cut()
		b.server.Kill()
		b.closeListeners()
		for _, d := range b.dirs {
			d.Abandon()
		}
		b.cancel()
		b.admin.Close()
		b.groups.Close()
		_ = b.parts.Close() // it has nothing left to lose
		b.control.Abandon()
		b.wg.Wait()
		b.mirror.Close()
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = b.zk.Close(ended) // the session is to live on
		b.applied.end()
	})
}
