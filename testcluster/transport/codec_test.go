package transport_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPacket_Vectors(t *testing.T) {
	for _, tt := range []struct {
		wire string
		want zab.Packet
	}{
		{"0000000b 0000000100000000 00000014 0000000000000009 00010000 0000000000000000 ffffffff",
			zab.Packet{Type: zab.FollowerInfo, Zxid: 1 << 32, Data: []byte("\x00\x00\x00\x00\x00\x00\x00\x09\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")}},
		{"00000011 0000000100000000 00000004 00010000 ffffffff", zab.Packet{Type: zab.LeaderInfo, Zxid: 1 << 32, Data: []byte{0, 1, 0, 0}}},
		{"00000012 0000000100000028 00000004 00000001 ffffffff", zab.Packet{Type: zab.AckEpoch, Zxid: 0x100000028, Data: []byte{0, 0, 0, 1}}},
		{"0000000c ffffffffffffffff ffffffff ffffffff", zab.Packet{Type: zab.UpToDate, Zxid: -1}},
		{"00000003 0000000100000029 ffffffff ffffffff", zab.Packet{Type: zab.Ack, Zxid: 0x100000029}},
		// An answered PING without sessions has data, of no length.
		{"00000005 0000000100000029 00000000 ffffffff", zab.Packet{Type: zab.Ping, Zxid: 0x100000029, Data: []byte{}}},
		{"00000001 ffffffffffffffff 00000001 07 00000002 00000002 6970 00000009 3132372e302e302e31 ffffffff ffffffff",
			zab.Packet{Type: zab.Request, Zxid: -1, Data: []byte{7}, Auth: []zkproto.ID{{Scheme: "ip", ID: "127.0.0.1"}, {Null: true}}}},
		{"00000001 ffffffffffffffff ffffffff 00000000", zab.Packet{Type: zab.Request, Zxid: -1, Auth: []zkproto.ID{}}},
	} {
		wire := unhex(t, tt.wire)
		if got := transport.AppendPacket(nil, &tt.want); !bytes.Equal(got, wire) {
			t.Errorf("%s is written as %x", tt.want.Type, got)
		}
		src := bufio.NewReader(bytes.NewReader(wire))
		if got, err := transport.ReadPacket(src, 1<<10); err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s is read as %+v, %v", tt.wire, got, err)
		}
		if _, err := transport.ReadPacket(src, 1<<10); err != io.EOF {
			t.Errorf("behind the last packet: %v", err)
		}
		for n := 1; n < len(wire); n++ {
			_, err := transport.ReadPacket(bufio.NewReader(bytes.NewReader(wire[:n])), 1<<10)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%d of %d bytes: %v", n, len(wire), err)
			}
		}
	}
}

func TestPacket_Refused(t *testing.T) {
	for name, wire := range map[string]string{
		"another protocol":    hex.EncodeToString([]byte("GET / HTTP/1.1\r\nHost: x\r\n")),
		"type 0":              "00000000 0000000000000000 ffffffff ffffffff",
		"type 20":             "00000014 0000000000000000 ffffffff ffffffff",
		"negative length":     "00000003 0000000000000000 fffffffe ffffffff",
		"data over the limit": "00000003 0000000000000000 00000401 ffffffff",
		"too many identities": "00000001 0000000000000000 ffffffff 00000081",
		"negative identities": "00000001 0000000000000000 ffffffff 80000000",
		"identity too long":   "00000001 0000000000000000 ffffffff 00000001 000003f9 00",
		"data and identities": "00000001 0000000000000000 00000004 00000000 00000001 000003f8",
	} {
		_, err := transport.ReadPacket(bufio.NewReader(bytes.NewReader(unhex(t, wire))), 1<<10)
		if !errors.Is(err, transport.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPacket_MemoryFollowsTheBytes: a length costs nothing until its bytes arrive.
func TestPacket_MemoryFollowsTheBytes(t *testing.T) {
	wire := unhex(t, "00000003 0000000000000000 40000000")
	wire = append(wire, make([]byte, 100_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := transport.ReadPacket(bufio.NewReader(bytes.NewReader(wire)), math.MaxInt32); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 500_000 {
		t.Errorf("%d bytes are allocated for 100,000 of a gigabyte", n)
	}
}

const vote = "00000000 0000000000000003 0000000200000007 0000000000000005"

func TestNotification_Forms(t *testing.T) {
	base := zab.Notification{Vote: zab.Vote{Leader: 3, Zxid: 0x200000007, Epoch: 4}, Round: 5}
	short, versionZero, versionTwo, empty, later := base, base, base, base, base
	short.Epoch = 2 // the zxid's
	versionTwo.Version, versionTwo.Config = 2, []byte("abc")
	empty.Version, empty.Config = 2, []byte{}
	later.Version, later.Config = 3, []byte("abc")
	for name, tt := range map[string]struct {
		wire string
		want zab.Notification
	}{
		"3.3":              {vote, short},
		"3.4":              {vote + "0000000000000004 00000001", versionZero},
		"3.5":              {vote + "0000000000000004 00000002 00000003 616263", versionTwo},
		"no configuration": {vote + "0000000000000004 00000002 00000000", empty},
		"a later one":      {vote + "0000000000000004 00000003 00000003 616263 0102", later},
	} {
		wire := unhex(t, tt.wire)
		got, err := transport.DecodeNotification(wire)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s is read as %+v, %v", name, got, err)
		}
		if name == "3.5" && !bytes.Equal(transport.AppendNotification(nil, &got), wire) {
			t.Errorf("%s is written as %x", name, transport.AppendNotification(nil, &got))
		}
	}
}

func TestNotification_Refused(t *testing.T) {
	for name, wire := range map[string]string{
		"nothing":              "",
		"27 bytes":             vote[:len(vote)-2],
		"between the forms":    vote + "00000000000000",
		"a state of no server": "00000004" + vote[8:],
		"negative state":       "ffffffff" + vote[8:],
		"no length":            vote + "0000000000000004 00000002 0000",
		"null":                 vote + "0000000000000004 00000002 ffffffff",
		"negative length":      vote + "0000000000000004 00000002 fffffffe",
		"a length too large":   vote + "0000000000000004 00000002 00000004 616263",
		"bytes left over":      vote + "0000000000000004 00000002 00000003 616263 00",
	} {
		if n, err := transport.DecodeNotification(unhex(t, wire)); err == nil {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

func TestHandshake_Forms(t *testing.T) {
	for _, tt := range []struct {
		wire string
		want transport.Handshake
	}{
		{"ffffffffffff0000 0000000000000001 0000000e 3132372e302e302e313a33383838", transport.Handshake{ID: 1, Addrs: []string{"127.0.0.1:3888"}}},
		{"ffffffffffff0000 0000000000000002 0000000a 5b3a3a315d3a33383838", transport.Handshake{ID: 2, Addrs: []string{"[::1]:3888"}}},
		{"ffffffffffff0001 0000000000000002 00000009 613a31327c623a3133", transport.Handshake{ID: 2, Addrs: []string{"a:12", "b:13"}}},
		{"7fffffffffffffff", transport.Handshake{ID: math.MaxInt64}},
		{"0000000000000000", transport.Handshake{}},
	} {
		wire := unhex(t, tt.wire)
		if got := transport.AppendHandshake(nil, tt.want); !bytes.Equal(got, wire) {
			t.Errorf("%+v is written as %x", tt.want, got)
		}
		src := bytes.NewReader(append(wire, "next"...))
		if got, err := transport.ReadHandshake(src); err != nil || !reflect.DeepEqual(got, tt.want) || src.Len() != 4 {
			t.Errorf("%s is read as %+v, %v, %d bytes are left", tt.wire, got, err, src.Len())
		}
		for n := 1; n < len(wire); n++ {
			if _, err := transport.ReadHandshake(bytes.NewReader(wire[:n])); !errors.Is(err, io.ErrUnexpectedEOF) && n != 8 {
				t.Errorf("%d of %d bytes: %v", n, len(wire), err)
			}
		}
	}
}

func TestHandshake_Refused(t *testing.T) {
	const v1 = "ffffffffffff0000 0000000000000001"
	for name, wire := range map[string]string{
		"another protocol":   hex.EncodeToString([]byte("\xff\xfe not a ZooKeeper server")),
		"version 3":          "ffffffffffff0002 0000000000000001 00000003 613a31",
		"a negative id":      "ffffffffffff0000 8000000000000001 00000003 613a31",
		"no address":         v1 + "00000000",
		"a negative length":  v1 + "ffffffff",
		"2049 bytes":         v1 + "00000801" + strings.Repeat("61", 2049),
		"no port":            v1 + "00000001 61",
		"a port too large":   v1 + "00000007 613a3635353336",
		"no host":            v1 + "00000003 3a3132",
		"an empty address":   v1 + "00000006 613a31327c7c",
		"IPv6 without [ ]":   v1 + "00000006 3a3a313a3132",
		"a port with a sign": v1 + "00000004 613a2b31",
	} {
		if h, err := transport.ReadHandshake(bytes.NewReader(unhex(t, wire))); !errors.Is(err, transport.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

// TestCaptured_Election reads what Apache's server sent, and writes the same.
func TestCaptured_Election(t *testing.T) {
	wire := captured(t, "election-3.9.4")
	src := bytes.NewReader(wire)
	h, err := transport.ReadHandshake(src)
	if err != nil || h.ID != 3 {
		t.Fatalf("%+v, %v", h, err)
	}
	again := transport.AppendHandshake(nil, h)
	states := map[zab.State]int{}
	for src.Len() > 0 {
		var size uint32
		if err := binary.Read(src, binary.BigEndian, &size); err != nil {
			t.Fatal(err)
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(src, payload); err != nil {
			t.Fatal(err)
		}
		n, err := transport.DecodeNotification(payload)
		if err != nil || n.Leader != 3 || n.Version != 2 || !strings.HasSuffix(string(n.Config), "\nversion=0") {
			t.Fatalf("%+v, %v", n, err)
		}
		states[n.State]++
		again = transport.AppendNotification(binary.BigEndian.AppendUint32(again, size), &n)
	}
	if !bytes.Equal(again, wire) {
		t.Error("written again, it is not the same")
	}
	if states[zab.Looking] == 0 || states[zab.Leading] == 0 {
		t.Errorf("the states are %v", states)
	}
}

// TestCaptured_Leader does the same for the quorum port, with a snapshot among the packets.
func TestCaptured_Leader(t *testing.T) {
	wire := captured(t, "leader-3.9.4")
	src := bufio.NewReader(bytes.NewReader(wire))
	var types []string
	var written int
	for {
		p, err := transport.ReadPacket(src, 1<<20)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b := transport.AppendPacket(nil, p)
		if !bytes.HasPrefix(wire[written:], b) {
			t.Errorf("%s is written as %x", p.Type, b)
		}
		written += len(b)
		if len(types) == 0 || types[len(types)-1] != p.Type.String() {
			types = append(types, p.Type.String())
		}
		if p.Type == zab.Snap {
			l := &learner{t: t, tree: map[string][]byte{}}
			if err := txnlog.ReadSnapshotBody(src, "leader-3.9.4", l); err != nil || string(l.tree["/large"]) != "snapshot " {
				t.Fatalf("the tree is %q, %v", l.tree, err)
			}
			end := make([]byte, 4+len("BenWasHere"))
			if _, err := io.ReadFull(src, end); err != nil || string(end[4:]) != "BenWasHere" {
				t.Fatalf("%q, %v", end, err)
			}
			written = bytes.Index(wire, end) + len(end)
		}
	}
	if got := strings.Join(types, " "); got != "LEADERINFO SNAP NEWLEADER UPTODATE PING PROPOSAL COMMIT" || written != len(wire) {
		t.Errorf("%s: %d of %d bytes", got, written, len(wire))
	}
}

func captured(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzReadPacket(f *testing.F) {
	f.Add(captured(f, "leader-3.9.4"))
	f.Add(unhex(f, "00000001 ffffffffffffffff 00000001 07 00000002 00000002 6970 00000009 3132372e302e302e31 ffffffff ffffffff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := transport.ReadPacket(bufio.NewReader(bytes.NewReader(b)), 1<<20)
		if err != nil {
			return
		}
		for _, id := range p.Auth {
			if id.Null {
				return // half of such an identity is not kept
			}
		}
		if again := transport.AppendPacket(nil, p); !bytes.HasPrefix(b, again) {
			t.Errorf("%x is written as %x", b, again)
		}
	})
}

func FuzzDecodeNotification(f *testing.F) {
	f.Add(unhex(f, vote))
	f.Add(unhex(f, vote+"0000000000000004 00000001"))
	f.Add(unhex(f, vote+"0000000000000004 00000002 00000003 616263"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := transport.DecodeNotification(b)
		if err != nil {
			return
		}
		again := transport.AppendNotification(nil, &n)
		if n.Version == 2 && !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x", b, again)
		}
		second, err := transport.DecodeNotification(again)
		second.Version, n.Version = 0, 0
		if err != nil || !bytes.Equal(second.Config, n.Config) {
			t.Errorf("%+v, %v", second, err)
		}
		second.Config, n.Config = nil, nil
		if !reflect.DeepEqual(second, n) {
			t.Errorf("%+v is read again as %+v", n, second)
		}
	})
}

func FuzzReadHandshake(f *testing.F) {
	f.Add(unhex(f, "ffffffffffff0000 0000000000000001 0000000e 3132372e302e302e313a33383838"))
	f.Add(unhex(f, "ffffffffffff0001 0000000000000002 00000009 613a31327c623a3133"))
	f.Add(unhex(f, "0000000000000007"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := transport.ReadHandshake(bytes.NewReader(b))
		if err != nil {
			return
		}
		again := transport.AppendHandshake(nil, h)
		if len(h.Addrs) == 1 && b[7] == 1 {
			again[7] = 1 // one address may come in the form for several
		}
		if len(h.Addrs) > 1 {
			again[7] = b[7]
		}
		if !bytes.HasPrefix(b, again) {
			t.Errorf("%x is written as %x", b, again)
		}
	})
}
