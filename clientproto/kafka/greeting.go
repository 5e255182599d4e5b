package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// greetingID is the correlation id of a greeting.
const greetingID = 0x7a6f6b61

// greeting is ApiVersions 0 without a client id: what every broker answers at once, before it wants to know who asks.
var greeting = []byte{
	0, 0, 0, 10, // size
	0, 18, 0, 0, // key, version
	0x7a, 0x6f, 0x6b, 0x61, // correlation id
	0xff, 0xff, // no client id
}

// isGreeted tells the first bytes of an answer to the greeting.
func isGreeted(answer []byte) bool {
	return len(answer) >= 8 && binary.BigEndian.Uint32(answer[4:]) == greetingID
}

// maxGreeted bounds the answer to a greeting: six bytes an API.
const maxGreeted = 64 << 10

// greet makes sure that a broker answers on a new connection, so that one that is taken by a process that is paused, by
// a proxy, or by a server of another kind counts as little as one that is refused. The error is a *strangerError.
func greet(ctx context.Context, conn net.Conn, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(limited, func() { conn.SetDeadline(time.Unix(1, 0)) })
	heard, err := converse(conn)
	if !stop() { // it is over: the deadline must not fall later, on what others do with the connection
		return &strangerError{heard: heard, silent: errors.Is(limited.Err(), context.DeadlineExceeded), err: limited.Err()}
	}
	if err != nil {
		return &strangerError{heard: heard, err: err}
	}
	return nil
}

var errNotKafka = errors.New("no answer of Kafka's protocol")

// converse sends the greeting and reads the answer whole. heard is how the answer begins.
func converse(conn net.Conn) (heard []byte, err error) {
	if _, err := conn.Write(greeting); err != nil {
		return nil, err
	}
	var head [8]byte
	n, err := io.ReadFull(conn, head[:])
	size := int64(binary.BigEndian.Uint32(head[:]))
	switch {
	case err != nil:
		return head[:n], err
	case !isGreeted(head[:]) || size < 4 || size > maxGreeted:
		return head[:], errNotKafka
	}
	_, err = io.CopyN(io.Discard, conn, size-4)
	return head[:], err
}

// strangerError tells of a connection that was taken by somebody who is no broker, or does not act as one now. It does
// not unwrap, as a tlsError does not.
type strangerError struct {
	heard  []byte // the first bytes that were sent back
	silent bool   // nothing came in time
	err    error
}

func (e *strangerError) Error() string {
	switch {
	case alertOf(e.err) != "": // TLS 1.3 has a client's certificate refused only now
		return (&tlsError{e.err}).Error()
	case e.silent:
		return "the connection was taken, and then no answer: the broker is stopped or overloaded, or it is none"
	case len(e.heard) > 0:
		return "what answers is no broker"
	}
	return "the connection was taken, and closed at once: no broker, or one that does not serve yet"
}
