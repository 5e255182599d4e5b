package partitions

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// scratch are the buffers of one answer, used again after it was written.
type scratch struct {
	pool   *sync.Pool // where it goes then
	parts  []codec.FetchPart
	meta   []byte
	pieces [][]byte
	chunks []klog.Chunk
}

// answer writes the answer of what the last look found. The records go out as they are in the log.
func (f *fetch) answer() {
	f.deadline.end(&f.m.timers)
	if f.stop != nil {
		f.stop()
	}
	s, _ := f.m.scratches.Get().(*scratch)
	if s == nil {
		s = &scratch{pool: &f.m.scratches}
	}
	resp := codec.FetchResponse{Err: int16(f.plan.err), SessionID: f.plan.id, Committed: f.committed, Parts: s.parts[:0]}
	next := 0
	for i := range f.items {
		it := &f.items[i]
		if f.queued {
			it.leave()
		}
		if it.chunk.Size > 0 {
			next = i + 1
			s.chunks = append(s.chunks, it.chunk)
		}
		if !f.plan.partial || it.news() {
			resp.Parts = append(resp.Parts, it.answer())
		}
	}
	if f.plan.session != nil {
		f.m.sessions.answered(&f.plan, f.items, next)
	}
	f.giveBack()
	s.parts = resp.Parts
	s.meta, s.pieces = codec.AppendFetchResponse(s.meta[:0], s.pieces[:0], f.req.Version, &resp)
	f.req.ReplyRaw(s.pieces, s.release)
}

func (s *scratch) release() {
	for i := range s.chunks {
		s.chunks[i].Release()
	}
	clear(s.chunks)
	clear(s.parts)
	clear(s.pieces)
	s.chunks, s.parts, s.pieces = s.chunks[:0], s.parts[:0], s.pieces[:0]
	s.pool.Put(s)
}

func (it *fetchItem) answer() codec.FetchPart {
	p := codec.FetchPart{Topic: it.key.topic, Partition: it.key.partition, Err: int16(it.err),
		HighWatermark: it.hw, LastStable: it.hw, LogStart: it.start}
	if it.diverging {
		p.Diverging, p.EndEpoch, p.End = true, it.endEpoch, it.endOffset
	}
	p.Records, p.Size = it.chunk.Bufs, it.chunk.Size
	return p
}

// news says whether an answer that leaves out what the fetcher knows has this partition.
func (it *fetchItem) news() bool {
	return it.chunk.Size > 0 || it.err != kproto.NoError || it.diverging || it.told != told{it.hw, it.start}
}

// leave takes the item out of its partition's queue.
func (it *fetchItem) leave() {
	if it.part == nil {
		return
	}
	it.part.mu.Lock()
	it.node.remove()
	it.part.mu.Unlock()
}
