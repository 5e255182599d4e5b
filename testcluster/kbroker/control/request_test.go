package control_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// ask sends a request to the broker's port and decodes the response.
func (b *broker) ask(t *testing.T, req kmsg.Request, version int16) kmsg.Response {
	t.Helper()
	conn, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	deadline, _ := timeout(t).Deadline()
	conn.SetDeadline(deadline)
	req.SetVersion(version)
	h := kproto.RequestHeader{Key: req.Key(), Version: version, CorrelationID: 7, ClientID: "test", HasClientID: true}
	out := req.AppendTo(h.AppendTo(make([]byte, 4), req.IsFlexible()))
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	if _, err := conn.Write(out); err != nil {
		t.Fatal(err)
	}
	var size [4]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		t.Fatalf("%T version %d: %v", req, version, err)
	}
	in := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(conn, in); err != nil {
		t.Fatal(err)
	}
	_, body, err := kproto.ParseResponseHeader(in, req.IsFlexible())
	if err != nil {
		t.Fatal(err)
	}
	resp := req.ResponseKind()
	resp.SetVersion(version)
	if err := resp.ReadFrom(body); err != nil {
		t.Fatal(err)
	}
	return resp
}

// shutdown sends a ControlledShutdown of the broker id.
func (b *broker) shutdown(t *testing.T, version int16, id int32, epoch int64) *kmsg.ControlledShutdownResponse {
	t.Helper()
	req := kmsg.NewPtrControlledShutdownRequest()
	req.BrokerID, req.BrokerEpoch = id, epoch
	return b.ask(t, req, version).(*kmsg.ControlledShutdownResponse)
}
