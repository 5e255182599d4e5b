package history

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Kind is what a client asked for.
type Kind uint8

const (
	Create Kind = iota
	Set
	Delete
	// SyncRead is a get behind a sync that was answered; its call is the sync's.
	SyncRead
	// Read is a get alone, which may see an old state.
	Read
)

var kindNames = [...]string{"create", "set", "delete", "sync+get", "get"}

func (k Kind) String() string { return kindNames[k] }

// Write tells whether an operation of that kind changes a znode.
func (k Kind) Write() bool { return k <= Delete }

// Op is one operation on one znode and its answer.
type Op struct {
	Client  int
	Session zkproto.SessionID
	Server  string `json:",omitempty"` // that the client was connected to when it was answered
	Kind    Kind
	Path    string // of a sequential create: the path that was given
	Value   string `json:",omitempty"` // that was written
	Version int32  // demanded; -1 is any
	// Call and Return are nanoseconds of one clock. Return is of no use where Unknown.
	Call, Return int64
	// Unknown: no answer came. A write may take effect at any time after Call, or never.
	Unknown bool         `json:",omitempty"`
	Code    zkproto.Code `json:",omitempty"`
	// Zxid is the answer's: the write's own transaction, or the last one that the server had applied when it read.
	// 0 is not known.
	Zxid zkproto.Zxid
	// Mzxid, GotVersion and Got are what the answer says of the znode: Got of reads alone.
	Mzxid      zkproto.Zxid `json:",omitempty"`
	GotVersion int32        `json:",omitempty"`
	Got        string       `json:",omitempty"`
	// Multi is the same number in all operations of one transaction; 0 stands alone.
	Multi int64 `json:",omitempty"`
}

// done tells whether the operation was carried out for sure.
func (o *Op) done() bool { return !o.Unknown && o.Code == zkproto.OK }

// String is the operation in one line.
func (o *Op) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %d session %v at %s, %.6f", o.Client, o.Session, o.Server, float64(o.Call)/1e9)
	if !o.Unknown {
		fmt.Fprintf(&b, " to %.6f", float64(o.Return)/1e9)
	}
	fmt.Fprintf(&b, ": %v %s", o.Kind, o.Path)
	if o.Kind == Create || o.Kind == Set {
		fmt.Fprintf(&b, " %q", o.Value)
	}
	if o.Kind.Write() && o.Version != -1 {
		fmt.Fprintf(&b, " version %d", o.Version)
	}
	switch {
	case o.Unknown:
		b.WriteString(" -> no answer")
	case o.Code != zkproto.OK:
		fmt.Fprintf(&b, " -> %v, zxid %v", o.Code, o.Zxid)
	default:
		fmt.Fprintf(&b, " -> %q version %d mzxid %v, zxid %v", o.Got, o.GotVersion, o.Mzxid, o.Zxid)
	}
	return b.String()
}

// Encode writes operations as lines of JSON.
func Encode(w io.Writer, ops []Op) error {
	e := json.NewEncoder(w)
	for i := range ops {
		if err := e.Encode(&ops[i]); err != nil {
			return err
		}
	}
	return nil
}

// Decode reads what Encode wrote.
func Decode(r io.Reader) ([]Op, error) {
	var ops []Op
	d := json.NewDecoder(r)
	for {
		var op Op
		switch err := d.Decode(&op); err {
		case nil:
			ops = append(ops, op)
		case io.EOF:
			return ops, nil
		default:
			return ops, fmt.Errorf("operation %d: %w", len(ops)+1, err)
		}
	}
}

// Problem is one contradiction.
type Problem struct {
	Rule string // in a few words
	Ops  []Op   // that contradict each other
	Text string // what else there is to say
}

// String is the rule, and below it the operations.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Rule)
	if p.Text != "" {
		b.WriteString(": " + p.Text)
	}
	for i := range p.Ops {
		b.WriteString("\n  " + p.Ops[i].String())
	}
	return b.String()
}
