package httpd

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestServer(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	s, err := Start("127.0.0.1:0", h, Options{})
	if err != nil {
		t.Fatal(err)
	}
	addr := s.Addr().String()
	if got := get(t, "http://"+addr); got != "hello" {
		t.Errorf("got %q", got)
	}
	if _, err := Start(addr, h, Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken port: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("the port is open after Close")
	}
}

// TestServer_CloseCutsOff: an answer that never ends does not keep Close.
func TestServer_CloseCutsOff(t *testing.T) {
	entered := make(chan struct{})
	s, err := Start("127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		r, err := http.Get("http://" + s.Addr().String())
		if err == nil {
			r.Body.Close()
		}
		ended <- err
	}()
	<-entered
	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 2*grace {
		t.Errorf("Close took %s", took)
	}
	if <-ended == nil {
		t.Error("the request was answered")
	}
}

// TestServer_Limits: a header without end is refused, and connections above the bound wait until others are gone.
func TestServer_Limits(t *testing.T) {
	s, err := Start("127.0.0.1:0", http.NotFoundHandler(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nA: "+strings.Repeat("x", 1<<20)) }()
	answer := make([]byte, 12)
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 431" {
		t.Errorf("a long header: %q, %v", answer, err)
	}
	c.Close()

	var open []net.Conn
	for range maxConns + 1 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	last := open[maxConns]
	if _, err := io.WriteString(last, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = last.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := last.Read(answer); err == nil {
		t.Fatalf("one connection too many is answered: %q", answer[:n])
	}
	open[0].Close()
	_ = last.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(last, answer); err != nil || string(answer) != "HTTP/1.0 404" {
		t.Errorf("when there is room: %q, %v", answer, err)
	}
}
