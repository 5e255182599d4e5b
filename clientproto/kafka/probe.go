package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Speaks is what is heard at an address.
type Speaks int

// What is heard. Something is anything that accepts connections and is none of the others.
const (
	Nothing Speaks = iota // nobody accepts connections
	Something
	Kafka
	ZooKeeper
	TLS
	Web
)

// probeTime bounds each question of a probe.
const probeTime = time.Second

// Probe finds out what is at an address, in a few seconds at most: a Kafka broker answers ApiVersions, a ZooKeeper
// server a four-letter word, a TLS server a greeting, a web server in HTTP. It is for telling people what they have mixed up.
func Probe(ctx context.Context, addr string) Speaks {
	answer, err := ask(ctx, addr, greeting)
	switch {
	case answer == nil:
		return Nothing
	case isGreeted(answer):
		return Kafka
	case len(answer) == 0 && errors.Is(err, os.ErrDeadlineExceeded):
		return Something // the others hang up on what they do not understand
	}
	if strings.HasPrefix(string(answer), "HTTP/") {
		return Web
	}
	answer, _ = ask(ctx, addr, []byte("srvr"))
	if text := string(answer); strings.HasPrefix(text, "Zookeeper version") || strings.HasPrefix(text, "srvr is not executed because it is not in the whitelist") ||
		strings.HasPrefix(text, "This ZooKeeper instance") {
		return ZooKeeper
	}
	if greetsTLS(ctx, addr) {
		return TLS
	}
	return Something
}

// greetsTLS tells whether a TLS server is at an address, whether it would take us or not.
func greetsTLS(ctx context.Context, addr string) bool {
	limited, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(limited, "tcp", addr)
	if err != nil {
		return false
	}
	defer conn.Close()
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(limited) // nothing is said on it
	var alert *net.OpError
	return err == nil || errors.As(err, &alert) && alert.Op == "remote error"
}

// ask sends a question and reads up to 64 bytes of what comes. The answer is nil if nobody accepts connections.
func ask(ctx context.Context, addr string, question []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(limited, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(limited, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	answer := make([]byte, 64)
	if _, err := conn.Write(question); err != nil {
		return answer[:0], err
	}
	n := 0
	for n < len(answer) && err == nil {
		var more int
		more, err = conn.Read(answer[n:])
		n += more
		if n >= 12 { // enough of each
			break
		}
	}
	if err == io.EOF {
		err = nil
	}
	return answer[:n], err
}
