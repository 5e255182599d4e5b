package txnlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

const testData = "/data"

func openFolder(t testing.TB, fsys storage.FS) *Folder {
	t.Helper()
	f, err := OpenFolder(fsys, FolderConfig{DataDir: testData, LogDir: "/log"})
	must(t, err)
	return f
}

type snapSession struct {
	id      zkproto.SessionID
	timeout int32
}

type snapACL struct {
	id  int64
	acl []zkproto.ACL
}

type snapNode struct {
	path string
	data []byte
	acl  int64
	stat zkproto.StatPersisted
}

// content is a snapshot taken apart, and a sink that does so.
type content struct {
	sessions []snapSession
	acls     []snapACL
	nodes    []snapNode
	tail     SnapshotTail
	refuse   string // a path that the sink refuses
}

func (c *content) Session(id zkproto.SessionID, timeout int32) error {
	c.sessions = append(c.sessions, snapSession{id, timeout})
	return nil
}

func (c *content) ACL(id int64, acl []zkproto.ACL) error {
	c.acls = append(c.acls, snapACL{id, acl})
	return nil
}

func (c *content) Node(path, data []byte, acl int64, stat *zkproto.StatPersisted) error {
	if c.refuse != "" && string(path) == c.refuse {
		return errors.New("no parent")
	}
	n := snapNode{path: string(path), acl: acl, stat: *stat}
	if data != nil {
		n.data = append([]byte{}, data...)
	}
	c.nodes = append(c.nodes, n)
	return nil
}

// writeTo writes what a snapshot holds up to the last node.
func (c *content) writeTo(w *SnapshotWriter) {
	w.Sessions(len(c.sessions))
	for _, s := range c.sessions {
		w.Session(s.id, s.timeout)
	}
	w.ACLs(len(c.acls))
	for _, a := range c.acls {
		w.ACL(a.id, a.acl)
	}
	for i := range c.nodes {
		n := &c.nodes[i]
		w.Node([]byte(n.path), n.data, n.acl, &n.stat)
	}
	w.End()
}

func (c *content) writeTail(w *SnapshotWriter) {
	if c.tail.Digest != nil {
		w.Digest(c.tail.Digest.Zxid, c.tail.Digest.Digest)
	}
	if c.tail.HasLastProcessed {
		w.LastProcessed(c.tail.LastProcessed)
	}
}

// bytes is the snapshot file's content.
func (c *content) bytes(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := newSnapshotContent(&out)
	c.writeTo(w)
	c.writeTail(w)
	must(t, w.Flush())
	return out.Bytes()
}

// save writes a snapshot into a folder.
func (c *content) save(f *Folder, zxid zkproto.Zxid, packed Compression) error {
	s, err := f.CreateSnapshot(zxid, packed)
	if err != nil {
		return err
	}
	c.writeTo(s.SnapshotWriter)
	c.writeTail(s.SnapshotWriter)
	return s.Commit()
}

func readContent(raw []byte) (*content, error) {
	c := &content{}
	var err error
	c.tail, err = ReadSnapshot(bytes.NewReader(raw), "test", c)
	return c, err
}

// sample is a snapshot with one of everything; n more nodes make it longer.
func sample(zxid zkproto.Zxid, n int) *content {
	c := &content{
		sessions: []snapSession{{0x1000000000001, 30000}, {-5, 4000}},
		acls: []snapACL{
			{1, []zkproto.ACL{{Perms: 1, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}}},
			{2, []zkproto.ACL{{Perms: 31, ID: zkproto.ID{Scheme: "digest", ID: "bob:x="}}, {Perms: 1, ID: zkproto.ID{Scheme: "ip", ID: "10.0.0.0/8"}}}},
			{3, []zkproto.ACL{}},
		},
		nodes: []snapNode{
			{path: "", data: []byte{}, acl: -1},
			{path: "/null", acl: 1, stat: zkproto.StatPersisted{Czxid: 1, Mzxid: zxid, Pzxid: 1, Ctime: 5, Mtime: 6, Version: 7, Cversion: -1, Aversion: 9, EphemeralOwner: 0x1000000000001}},
			{path: "/large", data: bytes.Repeat([]byte("0123456789"), 30000), acl: -1},
			{path: "/zookeeper", data: []byte{}, acl: -1},
		},
		tail: SnapshotTail{Digest: &SnapshotDigest{Zxid: zxid, Digest: 1<<63 + 5}, LastProcessed: zxid, HasLastProcessed: true},
	}
	for i := range n {
		c.nodes = append(c.nodes, snapNode{path: fmt.Sprintf("/n%d", i), data: []byte("data"), acl: -1})
	}
	return c
}

func newBuffered(raw []byte) *bufio.Reader { return bufio.NewReaderSize(bytes.NewReader(raw), 64) }

// sampleHeader is a snapshot's first 16 bytes.
func sampleHeader() []byte { return newSnapshotContent(io.Discard).buf }
