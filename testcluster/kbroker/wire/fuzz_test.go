package wire

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// pipeListener hands out one end of pipes.
type pipeListener struct{ conns chan net.Conn }

func (l pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (l pipeListener) Close() error   { return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// FuzzConnection: whatever comes in, the connection ends when its input has ended, and every goroutine with it.
func FuzzConnection(f *testing.F) {
	f.Add(frame(apiVersionsKey, 3, 1, true, []byte{2, 'a', 2, '1', 0}))
	f.Add(frame(keyMetadata, 12, 1, true, kmsg.NewPtrMetadataRequest().AppendTo(nil)))
	f.Add(append(frame(keyMetadata, 0, 1, false, []byte{0, 0, 0, 1, 0, 1, 'x'}), frame(18, 99, 2, true, nil)...))
	f.Add(frame(7, 0, 1, false, make([]byte, 12)))
	f.Fuzz(func(t *testing.T, input []byte) {
		decode := func(r *Request) {
			req := kmsg.RequestForKey(r.Key)
			if r.Decode(req) == nil {
				r.Reply(req.ResponseKind())
			}
		}
		s := NewServer(Options{
			Rows:            []Row{{Key: keyMetadata, Max: 12, Handle: decode}, {Key: 7, Max: 3, Handle: decode}, {Key: keyHeartbeat, Max: 4, Handle: decode}},
			MaxRequestBytes: 1 << 16, MaxStall: time.Second, MaxIdle: time.Second,
		})
		l := pipeListener{make(chan net.Conn, 1)}
		client, ours := net.Pipe()
		l.conns <- ours
		close(l.conns)
		if err := s.Serve("FUZZ", l); err == nil {
			t.Error("the listener's end is no error")
		}
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _ = io.Copy(io.Discard, client)
		}()
		_, _ = client.Write(input)
		_ = client.Close()
		<-read
		s.Close()
	})
}
