package zkproto_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// A captured file has what one exchange looked like between Apache's server and a client:
//
//	# who asked
//	request getData              the kind: connect, request, event, …; and the operation
//	= header and record, as Go prints them
//	00000004 0000000c            the frame without its length
//
// The lines with = are there because bytes alone would not show two fields swapped in both
// directions: a person has read them, once, against what was asked.
type captured struct {
	kind, op string
	text     string
	frame    []byte
}

// responses has the record of each operation's reply; those that are not here have none.
var responses = map[zkproto.OpCode]func() zkproto.Record{
	zkproto.OpCreate:               func() zkproto.Record { return new(zkproto.PathResponse) },
	zkproto.OpExists:               func() zkproto.Record { return new(zkproto.Stat) },
	zkproto.OpGetData:              func() zkproto.Record { return new(zkproto.DataResponse) },
	zkproto.OpSetData:              func() zkproto.Record { return new(zkproto.Stat) },
	zkproto.OpGetACL:               func() zkproto.Record { return new(zkproto.ACLResponse) },
	zkproto.OpSetACL:               func() zkproto.Record { return new(zkproto.Stat) },
	zkproto.OpGetChildren:          func() zkproto.Record { return new(zkproto.StringsResponse) },
	zkproto.OpSync:                 func() zkproto.Record { return new(zkproto.PathResponse) },
	zkproto.OpGetChildren2:         func() zkproto.Record { return new(zkproto.Children2Response) },
	zkproto.OpMulti:                func() zkproto.Record { return new(zkproto.MultiResponse) },
	zkproto.OpCreate2:              func() zkproto.Record { return new(zkproto.Create2Response) },
	zkproto.OpReconfig:             func() zkproto.Record { return new(zkproto.DataResponse) },
	zkproto.OpCreateContainer:      func() zkproto.Record { return new(zkproto.Create2Response) },
	zkproto.OpCreateTTL:            func() zkproto.Record { return new(zkproto.Create2Response) },
	zkproto.OpMultiRead:            func() zkproto.Record { return new(zkproto.MultiResponse) },
	zkproto.OpGetEphemerals:        func() zkproto.Record { return new(zkproto.StringsResponse) },
	zkproto.OpGetAllChildrenNumber: func() zkproto.Record { return new(zkproto.CountResponse) },
	zkproto.OpAddWatch:             func() zkproto.Record { return new(zkproto.ErrorResponse) },
	zkproto.OpWhoAmI:               func() zkproto.Record { return new(zkproto.WhoAmIResponse) },
}

// TestCaptured decodes each frame, compares what it says, and encodes it to the same bytes.
func TestCaptured(t *testing.T) {
	if *rewrite {
		capture(t)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files of captured frames: %v", len(files), err)
	}
	for _, file := range files {
		for _, c := range load(t, file) {
			text, again, err := roundTrip(c)
			switch {
			case err != nil:
				t.Errorf("%s: %s %s: %v", file, c.kind, c.op, err)
			case text != c.text:
				t.Errorf("%s: %s %s decodes to\n%s\nwant\n%s", file, c.kind, c.op, text, c.text)
			case !bytes.Equal(again, c.frame):
				t.Errorf("%s: %s %s encodes to\n%x\nwant\n%x", file, c.kind, c.op, again, c.frame)
			}
		}
	}
}

// roundTrip returns what the frame says, and its bytes as we would write them.
func roundTrip(c captured) (text string, again []byte, err error) {
	r := jute.NewReader(c.frame)
	var header, body zkproto.Record
	switch c.kind {
	case "connect":
		body = new(zkproto.ConnectRequest)
	case "connected":
		body = new(zkproto.ConnectResponse)
	case "request":
		h := new(zkproto.RequestHeader)
		h.Decode(r)
		row, ok := h.Op.Info()
		if !ok || row.Name != c.op {
			return "", nil, fmt.Errorf("the operation is %s", h.Op)
		}
		header = requestHeader{h}
		if row.New != nil {
			body = row.New()
		}
	case "reply", "event":
		h := new(zkproto.ReplyHeader)
		h.Decode(r)
		header = replyHeader{h}
		if c.kind == "event" {
			body = new(zkproto.WatcherEvent)
		} else if newBody := responses[opNamed(c.op)]; newBody != nil && h.Err == zkproto.OK {
			body = newBody()
		}
	default:
		return "", nil, fmt.Errorf("unknown kind %q", c.kind)
	}
	if header != nil {
		text, again = fmt.Sprint(header), header.AppendTo(again)
	}
	if body != nil {
		body.Decode(r)
		text, again = strings.TrimSpace(text+" "+describe(body)), body.AppendTo(again)
	}
	return text, again, r.Done()
}

// The headers are values in the package; here they are printed and written like records.
type requestHeader struct{ *zkproto.RequestHeader }

func (h requestHeader) String() string { return fmt.Sprintf("{Xid:%d Op:%s}", h.Xid, h.Op) }

type replyHeader struct{ *zkproto.ReplyHeader }

func (h replyHeader) String() string {
	return fmt.Sprintf("{Xid:%d Zxid:%s Err:%d}", h.Xid, h.Zxid, int32(h.Err))
}

// describe prints a record; what lies behind a pointer, in a multi, one by one.
func describe(rec zkproto.Record) string {
	m, ok := rec.(*zkproto.MultiRequest)
	if !ok {
		return fmt.Sprintf("%+v", rec)
	}
	var parts []string
	for _, op := range m.Ops {
		parts = append(parts, fmt.Sprintf("%s%+v", op.Op, op.Req))
	}
	return strings.Join(parts, " ")
}

func opNamed(name string) zkproto.OpCode {
	i := slices.IndexFunc(zkproto.Ops[:], func(row zkproto.OpInfo) bool { return row.Name == name })
	if i < 0 {
		return 0
	}
	return zkproto.Ops[i].Code
}

func load(t *testing.T, file string) []captured {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []captured
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		kind, op, _ := strings.Cut(line, " ")
		switch {
		case line == "" || kind == "#":
		case kind == "=":
			list[len(list)-1].text = op
		case strings.Trim(kind, "0123456789abcdef") == "":
			b, err := hex.DecodeString(strings.ReplaceAll(line, " ", ""))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			list[len(list)-1].frame = append(list[len(list)-1].frame, b...)
		default:
			list = append(list, captured{kind: kind, op: op})
		}
	}
	return list
}

// store is the reverse of load.
func store(t *testing.T, file, comment string, list []captured) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", comment)
	for _, c := range list {
		text, _, err := roundTrip(c)
		if err != nil {
			t.Errorf("%s: %s %s: %v: %x", file, c.kind, c.op, err, c.frame)
		}
		fmt.Fprintf(&b, "%s\n= %s\n", strings.TrimSpace(c.kind+" "+c.op), text)
		for line := range slices.Chunk(c.frame, 32) {
			var words []string
			for word := range slices.Chunk(line, 4) {
				words = append(words, hex.EncodeToString(word))
			}
			b.WriteString(strings.Join(words, " ") + "\n")
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
