package transport

import (
	"bytes"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// Lengths of the notification's older forms.
const (
	shortNotification = 28 // without the proposed leader's epoch
	oldNotification   = 40 // version 0: the last word is not looked at
)

const notificationVersion = 2

// AppendNotification appends the payload of a notification in today's format, whatever
// n.Version says:
//
//	state i32 | leader i64 | zxid i64 | round i64 | epoch i64 | version i32 = 2 | length i32 | configuration
//
// The frame's length, which stands before it on the wire, is not part of it.
func AppendNotification(b []byte, n *zab.Notification) []byte {
	b = jute.AppendInt(b, int32(n.State))
	b = jute.AppendLong(b, int64(n.Leader))
	b = jute.AppendLong(b, int64(n.Zxid))
	b = jute.AppendLong(b, n.Round)
	b = jute.AppendLong(b, n.Epoch)
	b = jute.AppendInt(b, notificationVersion)
	b = jute.AppendInt(b, int32(len(n.Config)))
	return append(b, n.Config...)
}

// DecodeNotification reads a payload as any release since 3.3 writes it. From and To are not
// in it. Config does not share p's memory. Source: FastLeaderElection.WorkerReceiver.
func DecodeNotification(p []byte) (zab.Notification, error) {
	var n zab.Notification
	r := jute.NewReader(p)
	n.State = zab.State(r.Int())
	n.Leader = zab.ServerID(r.Long())
	n.Zxid = zab.Zxid(r.Long())
	n.Round = r.Long()
	switch {
	case len(p) == shortNotification:
		n.Epoch = int64(n.Zxid) >> 32
	case len(p) == oldNotification:
		n.Epoch = r.Long()
		r.Int()
	default:
		n.Epoch = r.Long()
		n.Version = r.Int()
		if n.Version >= notificationVersion {
			n.Config = bytes.Clone(r.Buffer())
			if n.Config == nil {
				r.Fail("no configuration")
			}
		}
		if n.Version > notificationVersion {
			r.Rest() // what later releases may add
		}
	}
	if n.State < zab.Looking || n.State > zab.Observing {
		r.Fail(fmt.Sprintf("no such server state %d", int32(n.State)))
	}
	if err := r.Done(); err != nil {
		return zab.Notification{}, fmt.Errorf("notification of %d bytes: %w", len(p), err)
	}
	return n, nil
}
