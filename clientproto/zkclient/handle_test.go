package zkclient

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// FuzzHandle: whatever a server sends, the client neither panics nor leaves the call undecided
// that the frame answered.
func FuzzHandle(f *testing.F) {
	c, err := New(Config{Servers: "nowhere/app", Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, errors.New("no network")
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close(context.Background()) })
	c.watches.add(recursiveTable, "/", func(zkproto.WatchedEvent) {})
	answers := []func() zkproto.Record{
		func() zkproto.Record { return nil },
		func() zkproto.Record { return new(zkproto.DataResponse) },
		func() zkproto.Record { return new(zkproto.Create2Response) },
		func() zkproto.Record { return new(zkproto.MultiResponse) },
		func() zkproto.Record { return new(zkproto.ACLResponse) },
		func() zkproto.Record { return new(zkproto.Children2Response) },
		func() zkproto.Record { return new(zkproto.WhoAmIResponse) },
	}
	for i, answer := range answers {
		frame := zkproto.ReplyHeader{Xid: 1, Zxid: 1}.AppendTo(nil)
		if rec := answer(); rec != nil {
			frame = rec.AppendTo(frame)
		}
		f.Add(uint8(i), frame)
	}
	event := zkproto.ReplyHeader{Xid: zkproto.XidNotification, Zxid: 1}.AppendTo(nil)
	f.Add(uint8(0), (&zkproto.WatcherEvent{Type: zkproto.EventNodeCreated, Path: "/app/x"}).AppendTo(event))
	f.Fuzz(func(t *testing.T, which uint8, frame []byte) {
		call := newCall(c, context.Background(), zkproto.OpGetData, "/x")
		call.xid, call.resp = 1, answers[int(which)%len(answers)]()
		call.progress.Store(sent)
		c.mu.Lock()
		c.mu.sent.push(call)
		c.mu.Unlock()
		err := c.handle(frame)
		c.mu.Lock()
		taken := c.mu.sent.len() == 0
		c.mu.sent.pop()
		c.mu.Unlock()
		select {
		case <-call.done:
		default:
			if taken {
				t.Fatalf("the call is off the queue and has not ended, handle says %v", err)
			}
		}
	})
}
