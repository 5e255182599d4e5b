package txn

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// The vectors stand in logs that Apache ZooKeeper wrote.
func TestTxn_MatchesApacheBytes(t *testing.T) {
	for name, c := range map[string]struct {
		hex  string
		want Body
		tree uint64 // 0: no digest
	}{
		"delete /p": {
			"0100001879490004 00000008 000000010000002c 000001a2023d72f7 00000002 00000002 2f70 00000002 00000004c6d429ea",
			&Delete{"/p"}, 0x4c6d429ea,
		},
		"refused write": {
			"0100001879490004 0000000a 000000010000002d 000001a2023d72fa ffffffff fffffff8",
			&Error{zkproto.BadArguments}, 0,
		},
		"closeSession without ephemerals": {
			"0100001879490001 00000000 000000010000002f 000001a2023d8deb fffffff5 00000000 00000002 00000004053e5c2d",
			&CloseSession{Paths: []string{}}, 0x4053e5c2d,
		},
		"closeSession of a server that does not list the paths": {
			"0100001879490001 00000000 000000010000002f 000001a2023d8deb fffffff5 00000002 00000004053e5c2d",
			&CloseSession{}, 0x4053e5c2d,
		},
		"create of a server before 3.4": {
			"0100001879490001 00000001 000000010000002f 000001a2023d8deb 00000001 00000002 2f70 ffffffff ffffffff 01",
			&Create{Path: "/p", Ephemeral: true, ParentCversion: -1}, 0,
		},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Body, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, got.Body, c.want)
		}
		if (got.Digest != nil) != (c.tree != 0) || got.Digest != nil && got.Digest.Tree != c.tree {
			t.Errorf("%s: digest %+v, want %x", name, got.Digest, c.tree)
		}
		if z, ok := ZxidOf(b); !ok || z != got.Zxid {
			t.Errorf("%s: ZxidOf = %v", name, z)
		}
		if strings.Contains(name, "before 3.4") {
			continue
		}
		if again := got.AppendTo(nil); !bytes.Equal(again, b) {
			t.Errorf("%s:\nread  %x\nwrote %x", name, b, again)
		}
	}
}

func TestDecode_MalformedInput(t *testing.T) {
	multi := (&Txn{Header: Header{Type: zkproto.OpMulti}, Body: &Multi{[]Sub{{Type: zkproto.OpCloseSession, Body: &CloseSession{}}}}}).AppendTo(nil)
	unknown := (&Header{Type: 99}).AppendTo(nil)
	null := append((&Header{Type: zkproto.OpCloseSession}).AppendTo(nil), 0xff, 0xff, 0xff, 0xff)
	for name, b := range map[string][]byte{"null paths": null, "empty": nil, "no body": (&Header{Type: zkproto.OpDelete}).AppendTo(nil), "session in a multi": multi, "unknown type": unknown} {
		if _, err := Decode(b); !errors.Is(err, jute.ErrMalformed) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Txn{Header: Header{Type: zkproto.OpMulti}, Body: &Multi{[]Sub{
		{Type: zkproto.OpCreate, Body: &Create{Path: "/a", ACL: zkproto.OpenACL()}},
		{Type: zkproto.OpError, Body: &Error{zkproto.NoNode}},
	}}}).AppendTo(nil))
	f.Add((&Txn{Header: Header{Type: zkproto.OpCreateTTL}, Body: &CreateTTL{TTL: 5}}).AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := Decode(b)
		if err != nil {
			return
		}
		once := x.AppendTo(nil)
		y, err := Decode(once)
		if err != nil {
			t.Fatalf("own encoding %x of %x: %v", once, b, err)
		}
		if twice := y.AppendTo(nil); !bytes.Equal(once, twice) {
			t.Fatalf("%x became %x", once, twice)
		}
	})
}
