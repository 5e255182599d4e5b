package transport

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/testcluster/zab"
)

const (
	handshakeV1  = -65536 // one address
	handshakeV2  = -65535 // several, in ensembles with multiAddress.enabled
	maxHandshake = 2048   // bytes of addresses

	// anonymousObserver is the id of an observer that has none.
	anonymousObserver zab.ServerID = math.MaxInt64
)

// Handshake is what the dialling end of an election connection says first. Nothing answers it.
type Handshake struct {
	ID zab.ServerID
	// Addrs are the dialler's own election addresses; none in the form of before 3.5. A
	// wildcard among them is what its owner listens on, and nothing to dial.
	Addrs []string
}

// AppendHandshake appends a handshake:
//
//	version i64 | id i64 | length i32 | host:port[|host:port]*
//
// One address makes version 1, which every release since 3.5 reads; several make version 2,
// which 3.6 and later read; none makes the bare id of before.
func AppendHandshake(b []byte, h Handshake) []byte {
	switch len(h.Addrs) {
	case 0:
		return jute.AppendLong(b, int64(h.ID))
	case 1:
		b = jute.AppendLong(b, handshakeV1)
	default:
		b = jute.AppendLong(b, handshakeV2)
	}
	return jute.AppendString(jute.AppendLong(b, int64(h.ID)), strings.Join(h.Addrs, "|"))
}

// ReadHandshake reads a handshake and not a byte more. A stream that ends before the first
// byte is io.EOF. Source: QuorumCnxManager.InitialMessage.
func ReadHandshake(r io.Reader) (Handshake, error) {
	var first [8]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return Handshake{}, err
	}
	version := int64(binary.BigEndian.Uint64(first[:]))
	if version >= 0 {
		return Handshake{ID: zab.ServerID(version)}, nil
	}
	if version != handshakeV1 && version != handshakeV2 {
		return Handshake{}, fmt.Errorf("%w: no election handshake of version %#x", ErrMalformed, uint64(version))
	}
	var rest [12]byte
	if _, err := io.ReadFull(r, rest[:]); err != nil {
		return Handshake{}, unexpected(err)
	}
	h := Handshake{ID: zab.ServerID(binary.BigEndian.Uint64(rest[:]))}
	if h.ID < 0 {
		return Handshake{}, fmt.Errorf("%w: id %d in an election handshake", ErrMalformed, h.ID)
	}
	size := int32(binary.BigEndian.Uint32(rest[8:]))
	if size <= 0 || size > maxHandshake {
		return Handshake{}, fmt.Errorf("%w: %d bytes of addresses in an election handshake", ErrMalformed, size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return Handshake{}, unexpected(err)
	}
	h.Addrs = strings.Split(string(text), "|")
	for _, addr := range h.Addrs {
		if !validAddr(addr) {
			return Handshake{}, fmt.Errorf("%w: %q is no host:port in an election handshake", ErrMalformed, addr)
		}
	}
	return h, nil
}

func validAddr(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// dialable are the addresses that lead to their owner.
func dialable(addrs []string) []string {
	var good []string
	for _, addr := range addrs {
		host, _, err := net.SplitHostPort(addr)
		if ip := net.ParseIP(host); err == nil && (ip == nil || !ip.IsUnspecified()) {
			good = append(good, addr)
		}
	}
	return good
}
