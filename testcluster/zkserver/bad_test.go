package zkserver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Whatever a client sends, only its own connection ends, and others are served.
func TestBadInput_EndsOnlyItsConnection(t *testing.T) {
	s := start(t, func(c *Config) { c.SessionlessTimeout = 200 * time.Millisecond })
	good := rawDial(t, s)
	frame := func(b ...byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	for name, b := range map[string][]byte{
		"a negative length":            {0xff, 0xff, 0xff, 0xff},
		"a length above the limit":     {0x00, 0x10, 0x00, 0x00},
		"an unknown word":              []byte("what"),
		"an HTTP request":              []byte("GET / HTTP/1.1\r\n\r\n"),
		"a handshake cut short":        frame(0, 0, 0, 0),
		"an empty frame":               frame(),
		"a handshake that never comes": {0, 0, 0, 45},
		"nothing":                      {},
	} {
		c := rawOpen(t, s)
		c.raw(b)
		c.closed()
		if h, _ := good.call(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/"}); h.Err != zkproto.OK {
			t.Errorf("after %s the others get %v", name, h.Err)
		}
	}
	for name, b := range map[string][]byte{
		"a negative length":        {0xff, 0xff, 0xff, 0xfe},
		"a length above the limit": {0x7f, 0xff, 0xff, 0xff},
		"a request without header": frame(0, 0, 0, 1),
	} {
		c := rawDial(t, s)
		c.raw(b)
		c.closed()
		if h, _ := good.call(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/"}); h.Err != zkproto.OK {
			t.Errorf("after %s the others get %v", name, h.Err)
		}
	}
}

func TestBadInput_UnknownOperation(t *testing.T) {
	s := start(t, nil)
	for _, op := range []zkproto.OpCode{0, 10, 99, -10, zkproto.OpCheck, zkproto.OpDeleteContainer, zkproto.OpError} {
		c := rawDial(t, s)
		h, body := c.call(op, &zkproto.PathVersionRequest{Path: "/", Version: -1})
		if h.Err != zkproto.Unimplemented || h.Zxid != -1 || len(body) > 0 {
			t.Errorf("operation %d: %+v %x", op, h, body)
		}
		c.closed()
	}
}

func TestBadInput_UndecodableBody(t *testing.T) {
	s := start(t, nil)
	c := rawDial(t, s)
	for _, info := range zkproto.Ops {
		if info.New == nil || info.Code == zkproto.OpAuth || info.Code == zkproto.OpSASL || info.Code == zkproto.OpCheck {
			continue
		}
		for _, body := range []zkproto.Record{nil, rawBody{0xff, 0xff, 0xff, 0xf0}, rawBody{0x7f, 0, 0, 0, 1}} {
			want := zkproto.MarshallingError
			if info.Code == zkproto.OpReconfig {
				want = zkproto.ReconfigDisabled
			}
			if h, _ := c.call(info.Code, body); h.Err != want {
				t.Errorf("%v with body %x: %v", info.Code, body, h.Err)
			}
		}
	}
	if h, _ := c.call(zkproto.OpExists, &zkproto.PathWatchRequest{Path: "/"}); h.Err != zkproto.OK {
		t.Errorf("the session does not live on: %v", h.Err)
	}
}

// rawBody is a body as it is.
type rawBody []byte

func (b rawBody) AppendTo(dst []byte) []byte { return append(dst, b...) }

func (b rawBody) Decode(*jute.Reader) {}

func TestAuth_FailureIsAnsweredAndEnds(t *testing.T) {
	s := start(t, nil)
	for op, rec := range map[zkproto.OpCode]zkproto.Record{
		zkproto.OpAuth: &zkproto.AuthRequest{Scheme: "none", Auth: []byte("x")},
		zkproto.OpSASL: &zkproto.TokenRecord{Token: []byte{}},
	} {
		c := rawDial(t, s)
		if h, _ := c.call(op, rec); h.Err != zkproto.AuthFailed || h.Zxid != 0 {
			t.Errorf("%v: %+v", op, h)
		}
		c.closed()
	}
}

// A length that is allowed reserves nothing: memory comes with the bytes.
func TestInbuf_GrowsWithTheBytes(t *testing.T) {
	var in inbuf
	head := binary.BigEndian.AppendUint32(nil, 1<<20-1)
	if err := in.fill(bytes.NewReader(head)); err != nil {
		t.Fatal(err)
	}
	if f, err := in.next(1<<20 - 1); f != nil || err != nil || len(in.b) > minInbuf {
		t.Fatalf("frame %v, %v, buffer of %d bytes", f, err, len(in.b))
	}
	var tooLong *FrameError
	if _, err := in.next(1 << 10); !errors.As(err, &tooLong) {
		t.Errorf("a frame above the limit: %v", err)
	}
}

// Frames come out as they went in, however the bytes are cut.
func TestInbuf_AnyCut(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		var stream bytes.Buffer
		var want [][]byte
		for range 200 {
			size := r.IntN(100)
			if r.IntN(20) == 0 {
				size = r.IntN(200_000)
			}
			frame := bytes.Repeat([]byte{byte(r.IntN(256))}, size)
			want = append(want, frame)
			stream.Write(binary.BigEndian.AppendUint32(nil, uint32(size)))
			stream.Write(frame)
		}
		var in inbuf
		src := cutReader{&stream, r}
		for i := 0; i < len(want); {
			frame, err := in.next(1 << 20)
			if err != nil {
				t.Fatalf("seed %d, frame %d: %v", seed, i, err)
			}
			if frame == nil {
				if err := in.fill(src); err != nil {
					t.Fatalf("seed %d, frame %d: %v", seed, i, err)
				}
				continue
			}
			if !bytes.Equal(frame, want[i]) {
				t.Fatalf("seed %d, frame %d: got %d bytes, want %d", seed, i, len(frame), len(want[i]))
			}
			i++
		}
	}
}

// cutReader returns parts of what there is.
type cutReader struct {
	src io.Reader
	r   *rand.Rand
}

func (c cutReader) Read(p []byte) (int, error) {
	return c.src.Read(p[:1+c.r.IntN(len(p))])
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ words, send, want string }{
		{"*", "ruok", "imok"},
		{"srvr", "ruok", "ruok is not executed because it is not in the whitelist.\n"},
	} {
		s := start(t, func(c *Config) { c.Words = strings.Fields(tt.words) })
		c := rawOpen(t, s)
		c.raw([]byte(tt.send))
		got, err := io.ReadAll(c.nc)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s with words %s: %q, %v", tt.send, tt.words, got, err)
		}
	}
}
