package mirror

import (
	"context"
	"errors"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// window is how many reads may be under way.
const window = 512

// scan reads znodes into the builder, many at a time. What one read finds may ask for more.
type scan struct {
	m     *Mirror
	ctx   context.Context
	queue []read              // not yet sent
	sent  []read              // in the order of the replies
	seen  map[string]struct{} // the znodes that are there; nil: nobody asks
}

// read is one request of a scan.
type read struct {
	path string
	call *zkclient.Call
	data *zkproto.DataResponse      // of a get
	list *zkproto.Children2Response // of a list
	each func(path string)          // of a list: called with each child's path
}

func (m *Mirror) newScan(ctx context.Context) *scan { return &scan{m: m, ctx: ctx} }

// get asks for a znode of the image.
func (s *scan) get(path string) {
	s.queue = append(s.queue, read{path: path, data: new(zkproto.DataResponse)})
}

// list asks for the children of a znode.
func (s *scan) list(path string, each func(path string)) {
	s.queue = append(s.queue, read{path: path, list: new(zkproto.Children2Response), each: each})
}

// run reads until nothing is left to be read.
func (s *scan) run() error {
	for len(s.queue)+len(s.sent) > 0 {
		for len(s.queue) > 0 && len(s.sent) < window {
			r := s.queue[0]
			s.queue = s.queue[1:]
			s.sent = append(s.sent, s.start(r))
		}
		r := s.sent[0]
		s.sent = s.sent[1:]
		if err := s.take(r, r.call.Wait(s.ctx)); err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) start(r read) read {
	req := &zkproto.PathWatchRequest{Path: r.path}
	if r.list != nil {
		r.call = s.m.zk.Start(s.ctx, zkproto.OpGetChildren2, req, r.list)
	} else {
		r.call = s.m.zk.Start(s.ctx, zkproto.OpGetData, req, r.data)
	}
	return r
}

// take does with a reply what is to be done; an error is one that ends the scan.
func (s *scan) take(r read, err error) error {
	switch {
	case errors.Is(err, zkproto.NoNode):
		if r.data != nil {
			s.m.builder.Remove(r.path)
		}
		return nil
	case errors.Is(err, zkproto.NoAuth):
		s.see(r.path)
		s.m.builder.Unreadable(r.path, err)
		s.m.log.Warn("a znode of Kafka may not be read", "path", r.path, "error", err)
		return nil
	case err != nil:
		return err
	case r.list != nil:
		for _, name := range r.list.Children {
			r.each(r.path + "/" + name)
		}
		return nil
	}
	s.see(r.path)
	if err := s.m.builder.Put(r.path, r.data.Data, r.data.Stat); err != nil {
		s.m.log.Warn("a znode of Kafka is malformed; what it held before stands", "error", err)
	}
	return nil
}

func (s *scan) see(path string) {
	if s.seen != nil {
		s.seen[path] = struct{}{}
	}
}
