package kproto_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

func flexible(key, version int16) bool {
	r := kmsg.RequestForKey(key)
	if r == nil {
		return false
	}
	r.SetVersion(version)
	return r.IsFlexible()
}

// The generated formatter is a second opinion on each version of each request's header.
func TestRequestHeader_MatchesGeneratedFormatter(t *testing.T) {
	for _, client := range []string{"", "me"} {
		var options []kmsg.RequestFormatterOpt
		if client != "" {
			options = append(options, kmsg.FormatterClientID(client))
		}
		f := kmsg.NewRequestFormatter(options...)
		for key := range int16(kmsg.MaxKey + 1) {
			req := kmsg.RequestForKey(key)
			if req == nil || key == 7 { // ControlledShutdown: the formatter leaves out its oddity
				continue
			}
			for v := range req.MaxVersion() + 1 {
				req.SetVersion(v)
				frame := f.AppendRequest(nil, req, 77)[4:]
				h, body, err := kproto.ParseRequestHeader(frame, flexible)
				want := kproto.RequestHeader{Key: key, Version: v, CorrelationID: 77, ClientID: client, HasClientID: client != ""}
				if err != nil || h != want || !bytes.Equal(body, req.AppendTo(nil)) {
					t.Fatalf("key %d version %d: %+v, %v, body %x", key, v, h, err, body)
				}
				if b := append(h.AppendTo(nil, req.IsFlexible()), body...); !bytes.Equal(b, frame) {
					t.Fatalf("key %d version %d: written\n%x, want\n%x", key, v, b, frame)
				}
			}
		}
	}
}

func TestRequestHeader_ControlledShutdownHasNoClientID(t *testing.T) {
	h := kproto.RequestHeader{Key: 7, CorrelationID: 5}
	b := h.AppendTo(nil, false)
	if !bytes.Equal(b, []byte{0, 7, 0, 0, 0, 0, 0, 5}) {
		t.Errorf("written as %x", b)
	}
	got, body, err := kproto.ParseRequestHeader(append(b, 9), flexible)
	if err != nil || got != h || !bytes.Equal(body, []byte{9}) {
		t.Errorf("%+v, %x, %v", got, body, err)
	}
}

func TestRequestHeader_Tags(t *testing.T) {
	b := []byte{0, 18, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 2, 1, 2, 'a', 'b', 0x80, 1, 0, 'x'}
	_, body, err := kproto.ParseRequestHeader(b, flexible)
	if err != nil || string(body) != "x" {
		t.Errorf("body %q, %v", body, err)
	}
	for n := range len(b) - 1 {
		if _, _, err := kproto.ParseRequestHeader(b[:n], flexible); !errors.Is(err, kproto.InvalidRequest) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for _, b := range [][]byte{
		{0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xfe},                                                    // client id of length -2
		{0, 18, 0, 3, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, // that many tags
	} {
		if _, _, err := kproto.ParseRequestHeader(b, flexible); err == nil {
			t.Errorf("%x is taken", b)
		}
	}
}

func TestResponseHeader(t *testing.T) {
	for _, tags := range []bool{false, true} {
		b := append(kproto.AppendResponseHeader(nil, -5, tags), "body"...)
		id, body, err := kproto.ParseResponseHeader(b, tags)
		if id != -5 || string(body) != "body" || err != nil {
			t.Errorf("%d, %q, %v", id, body, err)
		}
	}
	if _, _, err := kproto.ParseResponseHeader([]byte{0, 0, 0}, false); err == nil {
		t.Error("three bytes are taken")
	}
}

func FuzzParseRequestHeader(f *testing.F) {
	f.Add([]byte{0, 18, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 2, 1, 2, 'a', 'b', 0x80, 1, 0, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, body, err := kproto.ParseRequestHeader(b, flexible)
		if err != nil {
			return
		}
		if len(body) > len(b) {
			t.Fatal("the body is longer than the input")
		}
		again, rest, err := kproto.ParseRequestHeader(append(h.AppendTo(nil, flexible(h.Key, h.Version)), body...), flexible)
		if err != nil || again != h || !bytes.Equal(rest, body) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
