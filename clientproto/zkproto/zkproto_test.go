package zkproto

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
)

// The vectors are frames that Apache ZooKeeper and its Java client exchanged.
func TestRecords_MatchApacheBytes(t *testing.T) {
	for name, c := range map[string]struct {
		got []byte
		hex string
	}{
		"connect, new session": {
			Encode(&ConnectRequest{Timeout: 6000, Password: make([]byte, PasswordLen)}),
			"00000000 0000000000000000 00001770 0000000000000000 00000010 00000000000000000000000000000000 00",
		},
		"create /a": {
			(&CreateRequest{Path: "/a", Data: []byte("hi"), ACL: OpenACL()}).AppendTo(RequestHeader{1, OpCreate}.AppendTo(nil)),
			"00000001 00000001 00000002 2f61 00000002 6869 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000",
		},
		"addWatch reply": {Encode(&ErrorResponse{}), "00000000"},
		"ping":           {RequestHeader{XidPing, OpPing}.AppendTo(nil), "fffffffe 0000000b"},
		"failed multi": {
			Encode(&MultiResponse{[]MultiResult{
				{Op: OpError}, {Op: OpError}, {Op: OpError, Err: NoNode}, {Op: OpError, Err: RuntimeInconsistency},
			}}),
			"ffffffff 00 00000000 00000000 ffffffff 00 00000000 00000000 ffffffff 00 ffffff9b ffffff9b ffffffff 00 fffffffe fffffffe ffffffff 01 ffffffff",
		},
	} {
		want := strings.ReplaceAll(c.hex, " ", "")
		if got := hex.EncodeToString(c.got); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, want)
		}
	}
}

func TestConnect_OldPeersLackTheReadOnlyByte(t *testing.T) {
	b := Encode(&ConnectRequest{Timeout: 1, Password: make([]byte, PasswordLen), Old: true})
	if len(b) != 44 {
		t.Fatalf("old request has %d bytes, want 44", len(b))
	}
	var c ConnectRequest
	if err := Decode(b, &c); err != nil || !c.Old {
		t.Fatalf("decode: %v, Old = %v", err, c.Old)
	}
	if n := len(Encode(&ConnectResponse{Password: make([]byte, PasswordLen), Old: true})); n != 36 {
		t.Errorf("old response has %d bytes, want 36", n)
	}
	if n := len(Encode(&ConnectResponse{Password: make([]byte, PasswordLen)})); n != 37 {
		t.Errorf("response has %d bytes, want 37", n)
	}
}

func TestMulti_RefusesWhatAMultiCannotHave(t *testing.T) {
	get := MultiOp{OpGetData, &PathWatchRequest{Path: "/a"}}
	del := MultiOp{OpDelete, &PathVersionRequest{Path: "/a"}}
	for name, ops := range map[string][]MultiOp{
		"a ping":      {{OpPing, &PathRequest{}}},
		"both kinds":  {get, del},
		"a setACL":    {{OpSetACL, &SetACLRequest{}}},
		"nested":      {{OpMulti, &MultiRequest{}}},
		"unknown one": {{OpCode(77), &PathRequest{}}},
	} {
		var m MultiRequest
		if err := Decode(Encode(&MultiRequest{ops}), &m); !errors.Is(err, jute.ErrMalformed) {
			t.Errorf("%s: error = %v", name, err)
		}
	}
}

func TestCode_IsAnErrorThatCallersCanMatch(t *testing.T) {
	if OK.Err() != nil {
		t.Error("OK.Err() is not nil")
	}
	if err := NoNode.Err(); !errors.Is(err, NoNode) || errors.Is(err, NoAuth) {
		t.Errorf("errors.Is does not tell codes apart: %v", err)
	}
	if !ConnectionLoss.OutcomeUnknown() || NoNode.OutcomeUnknown() || !Code(-9999).OutcomeUnknown() {
		t.Error("OutcomeUnknown")
	}
	seen := map[Code]bool{}
	for _, row := range Codes {
		if seen[row.Code] || row.Name == "" || row.Meaning == "" {
			t.Errorf("bad row %+v", row)
		}
		seen[row.Code] = true
	}
}

func TestValidatePath_GivesApachesReason(t *testing.T) {
	for path, want := range map[string]string{
		"/":           "",
		"/a/b":        "",
		"/a.b/..c/d.": "",
		"/ü/日本":       "",
		"":            "Path length must be > 0",
		"a":           "Path must start with / character",
		"/a/":         "Path must not end with / character",
		"/a//b":       `Invalid path string "/a//b" caused by empty node name specified @3`,
		"/a/./b":      `Invalid path string "/a/./b" caused by relative paths not allowed @3`,
		"/a/..":       `Invalid path string "/a/.." caused by relative paths not allowed @4`,
		"/a/../b":     `Invalid path string "/a/../b" caused by relative paths not allowed @4`,
		"/a\x00":      "Invalid path string \"/a\x00\" caused by null character not allowed @2",
		"/a\x01":      "Invalid path string \"/a\x01\" caused by invalid character @2",
		"/a\xff":      "Invalid path string \"/a\xff\" caused by invalid character @2",
		"/a😀":         "Invalid path string \"/a😀\" caused by invalid character @2",
	} {
		err := ValidatePath(path)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", path, err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("%q: got %v, want %s", path, err, want)
		}
	}
	if err := ValidateSequentialPath("/a/"); err != nil {
		t.Error(err)
	}
}

func TestWatchedEvent_PrintsAsInZkCli(t *testing.T) {
	for want, ev := range map[string]WatchedEvent{
		"WatchedEvent state:SyncConnected type:None path:null zxid: -1":            {Type: EventNone, State: StateSyncConnected},
		"WatchedEvent state:SyncConnected type:NodeDataChanged path:/a zxid: 4711": {EventNodeDataChanged, StateSyncConnected, "/a", 4711},
	} {
		if got := ev.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestPathParts(t *testing.T) {
	for _, c := range [][3]string{{"/", "", ""}, {"/a", "/", "a"}, {"/a/b", "/a", "b"}} {
		if p, b := Parent(c[0]), Base(c[0]); p != c[1] || b != c[2] {
			t.Errorf("%s: parent %q base %q", c[0], p, b)
		}
		if c[1] != "" && Join(c[1], c[2]) != c[0] {
			t.Errorf("Join(%q, %q) = %q", c[1], c[2], Join(c[1], c[2]))
		}
	}
}

func TestACL_TextForms(t *testing.T) {
	acls, err := ParseACLs("world:anyone:r,digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:cdrwa")
	if err != nil || len(acls) != 2 || acls[1].Perms != PermAll || acls[1].ID.ID != "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=" {
		t.Fatalf("%v %v", acls, err)
	}
	if acls[1].String() != "digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:cdrwa" {
		t.Errorf("String = %s", acls[1])
	}
	if id := DigestID("u:p"); id != "u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=" {
		t.Errorf("DigestID = %s", id)
	}
	for _, bad := range []string{"", "world", "world:anyone", "world:anyone:x"} {
		if _, err := ParseACL(bad); err == nil {
			t.Errorf("ParseACL(%q) succeeded", bad)
		}
	}
}

// records has an empty instance of every record, for the round trip.
func records() []Record {
	all := []Record{
		&ConnectRequest{}, &ConnectResponse{}, &WhoAmIResponse{}, &PathResponse{}, &Create2Response{},
		&DataResponse{}, &ACLResponse{}, &StringsResponse{}, &Children2Response{}, &CountResponse{},
		&WatcherEvent{}, &ErrorResponse{}, &MultiResponse{}, &Stat{}, &StatPersisted{},
	}
	for _, row := range Ops {
		if row.New != nil {
			all = append(all, row.New())
		}
	}
	return all
}

// What decodes encodes again to bytes that decode to the same: nothing panics on the
// way, and the second encoding is a fixed point.
func FuzzDecode(f *testing.F) {
	for i, rec := range records() {
		f.Add(uint8(i), Encode(rec))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		all := records()
		rec := all[int(which)%len(all)]
		if Decode(b, rec) != nil {
			return
		}
		once := Encode(rec)
		again := records()[int(which)%len(all)]
		if err := Decode(once, again); err != nil {
			t.Fatalf("%T: own encoding %x of %x: %v", rec, once, b, err)
		}
		if twice := Encode(again); !bytes.Equal(once, twice) {
			t.Fatalf("%T: %x became %x", rec, once, twice)
		}
	})
}
