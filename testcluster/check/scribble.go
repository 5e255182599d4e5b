package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Scribble writes something of every kind below root, which it creates: every mode of znode, null, empty and binary
// data, ACLs, versions, a multi that succeeds and one that fails. Some hundred transactions and 160 znodes stay. The
// servers need extendedTypesEnabled.
func Scribble(ctx context.Context, c *zkclient.Client, root string) error {
	s := scribbler{ctx: ctx, c: c}
	s.create(root, nil, zkproto.OpenACL(), zkproto.ModePersistent)
	s.nodes(root)
	s.changes(root)
	s.multis(root)
	if s.err != nil {
		return fmt.Errorf("scribble below %s: %w", root, s.err)
	}
	return nil
}

// scribbler keeps the first error.
type scribbler struct {
	ctx context.Context
	c   *zkclient.Client
	err error
}

func (s *scribbler) do(f func() error) {
	if s.err == nil {
		s.err = f()
	}
}

func (s *scribbler) create(path string, data []byte, acl []zkproto.ACL, mode zkproto.CreateMode) {
	s.do(func() error {
		_, _, err := s.c.Create(s.ctx, path, data, acl, mode, time.Hour)
		return err
	})
}

func (s *scribbler) nodes(root string) {
	open := zkproto.OpenACL()
	s.create(root+"/empty", []byte{}, open, zkproto.ModePersistent)
	s.create(root+"/bytes", []byte{0, 0xff, '\n'}, open, zkproto.ModePersistent)
	s.create(root+"/ünï", []byte("日本"), open, zkproto.ModePersistent)
	s.create(root+"/container", nil, open, zkproto.ModeContainer)
	s.create(root+"/ttl", nil, open, zkproto.ModePersistentTTL)
	s.create(root+"/owned", nil, []zkproto.ACL{
		{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "ip", ID: "127.0.0.1/8"}},
		{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "digest", ID: zkproto.DigestID("u:p")}},
	}, zkproto.ModePersistent)
	for i := range 150 {
		s.create(root+"/seq-", fmt.Appendf(nil, "%d", i), open, zkproto.ModePersistentSequential)
	}
}

func (s *scribbler) changes(root string) {
	s.do(func() error {
		_, err := s.c.SetACL(s.ctx, root+"/bytes", []zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}}, -1)
		return err
	})
	for range 3 {
		s.do(func() error {
			_, err := s.c.Set(s.ctx, root+"/empty", nil, -1)
			return err
		})
	}
	s.do(func() error { return s.c.Delete(s.ctx, root+"/seq-0000000007", -1) })
}

func (s *scribbler) multis(root string) {
	s.do(func() error {
		_, err := s.c.Multi(s.ctx, []zkproto.MultiOp{
			zkclient.CreateOp(root+"/multi", []byte("m"), zkproto.OpenACL(), zkproto.ModePersistent, 0),
			{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: root + "/multi", Data: []byte("n"), Version: 0}},
			{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: root + "/multi", Version: 1}},
		})
		return err
	})
	s.do(func() error {
		_, err := s.c.Multi(s.ctx, []zkproto.MultiOp{
			zkclient.CreateOp(root+"/never", nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
			{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: root, Version: 77}},
		})
		if !errors.Is(err, zkproto.BadVersion) {
			return fmt.Errorf("a multi whose check fails ended with %v", err)
		}
		return nil
	})
}
