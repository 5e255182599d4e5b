package check_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/torture"
)

// gozk is the client of go-zookeeper/zk, as torture wants it.
type gozk struct{ conn *zk.Conn }

func dialForeign(_ context.Context, servers []string, session time.Duration) (torture.Foreign, error) {
	conn, _, err := zk.Connect(servers, session, zk.WithLogger(silent{}))
	if err != nil {
		return nil, err
	}
	return gozk{conn}, nil
}

// silent keeps the client's talk out of the tests' output.
type silent struct{}

func (silent) Printf(string, ...any) {}

// told gives an answer's error its code; any other leaves the outcome open.
func told(err error) error {
	for foreign, code := range map[error]zkproto.Code{
		zk.ErrNoNode: zkproto.NoNode, zk.ErrNodeExists: zkproto.NodeExists, zk.ErrBadVersion: zkproto.BadVersion,
	} {
		if errors.Is(err, foreign) {
			return code
		}
	}
	if err != nil {
		return fmt.Errorf("go-zookeeper: %w", err)
	}
	return nil
}

func stat(s *zk.Stat) zkproto.Stat {
	if s == nil {
		return zkproto.Stat{}
	}
	return zkproto.Stat{Mzxid: zkproto.Zxid(s.Mzxid), Version: s.Version}
}

func (g gozk) Create(path, value string) error {
	_, err := g.conn.Create(path, []byte(value), 0, zk.WorldACL(zk.PermAll))
	return told(err)
}

func (g gozk) Set(path, value string, version int32) (zkproto.Stat, error) {
	s, err := g.conn.Set(path, []byte(value), version)
	return stat(s), told(err)
}

func (g gozk) Delete(path string, version int32) error { return told(g.conn.Delete(path, version)) }

func (g gozk) Get(path string) (string, zkproto.Stat, error) {
	data, s, err := g.conn.Get(path)
	return string(data), stat(s), told(err)
}

func (g gozk) Sync(path string) error {
	_, err := g.conn.Sync(path)
	return told(err)
}

func (g gozk) Close() { g.conn.Close() }
