package kafka

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
)

// serve runs a server that answers each connection by fn until the test ends.
func serve(t *testing.T, fn func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			fn(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// closed is an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func read(conn net.Conn, n int) string {
	b := make([]byte, n)
	n, _ = io.ReadAtLeast(conn, b, n)
	return string(b[:n])
}

// zookeeper answers the four letters, and hangs up on what it takes for an absurd length.
func zookeeper(conn net.Conn) {
	if read(conn, 4) == "srvr" {
		io.WriteString(conn, "Zookeeper version: 3.8.0\n")
	}
}

// broker answers ApiVersions 0 with nothing but an error code.
func broker(conn net.Conn) {
	if req := read(conn, 14); len(req) == 14 {
		io.WriteString(conn, "\x00\x00\x00\x0a"+req[8:12]+"\x00\x23\x00\x00\x00\x00")
	}
}

// web is a web server that is not spoken to in HTTP.
func web(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }

func TestProbe(t *testing.T) {
	// It has no certificate, and says so by an alert.
	secure := func(conn net.Conn) { tls.Server(conn, &tls.Config{GetCertificate: noCertificate}).Handshake() }
	for want, addr := range map[Speaks]string{
		Nothing:   closed(t),
		Something: serve(t, func(conn net.Conn) { io.WriteString(conn, "220 mail.example ESMTP\r\n") }),
		Web:       serve(t, web),
		Kafka:     serve(t, broker),
		ZooKeeper: serve(t, zookeeper),
		TLS:       serve(t, secure),
	} {
		if got := Probe(t.Context(), addr); got != want {
			t.Errorf("heard %d, want %d", got, want)
		}
	}
}

func noCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("none") }
