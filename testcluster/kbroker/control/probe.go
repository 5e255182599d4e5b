package control

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// clientID names the brokers' own requests in logs.
const clientID = "zoka-control"

// maxResponse bounds a response: it can hold as many partitions as a cluster may have.
const maxResponse = 16 << 20

// askVersions sends ApiVersions, which a broker answers before all else, and reads the response.
func askVersions(conn net.Conn) error {
	req := kmsg.NewApiVersionsRequest()
	resp := kmsg.NewApiVersionsResponse()
	return call(conn, &req, 0, &resp)
}

// call sends one request in a version without tag sections, and reads its response.
func call(conn net.Conn, req kmsg.Request, version int16, resp kmsg.Response) error {
	const correlation = 1
	req.SetVersion(version)
	header := kproto.RequestHeader{Key: req.Key(), Version: version, CorrelationID: correlation, ClientID: clientID, HasClientID: true}
	b := req.AppendTo(header.AppendTo(make([]byte, 4, 256), false))
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	name := kmsg.NameForKey(req.Key())
	if _, err := conn.Write(b); err != nil {
		return fmt.Errorf("send %s: %w", name, err)
	}
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return fmt.Errorf("await the response to %s: %w", name, err)
	}
	size, got := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	if size < 4 || size > maxResponse || got != correlation {
		return fmt.Errorf("response to %s: %d bytes with correlation id %d: %w", name, size, got, kproto.CorruptMessage)
	}
	body, err := io.ReadAll(io.LimitReader(conn, int64(size)-4))
	if err != nil || len(body) < int(size)-4 {
		return fmt.Errorf("read the response to %s: %w", name, io.ErrUnexpectedEOF)
	}
	resp.SetVersion(version)
	if err := resp.ReadFrom(body); err != nil {
		return fmt.Errorf("response to %s: %w", name, err)
	}
	return nil
}
