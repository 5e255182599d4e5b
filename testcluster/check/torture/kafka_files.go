package torture

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/check/records"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// judgeReplicas is the end of the nodes: the files of all replicas are compared up to the high watermarks, and what is in
// the topic's is read.
func (k *kafka) judgeReplicas(ctx context.Context, ends kadm.ListedOffsets) (stored []records.Stored) {
	for _, n := range k.nodes {
		if err := k.cluster.Kill(ctx, n.ID); err != nil {
			k.problem("the last kill: %v", err)
			return nil
		}
	}
	ends.Each(func(end kadm.ListedOffset) {
		name := end.Topic + "-" + strconv.Itoa(int(end.Partition))
		replicas := k.replicas(name)
		if len(replicas) != 3 {
			k.problem("%s has %d replicas", name, len(replicas))
		}
		for _, p := range records.Same(name, end.Offset, replicas) {
			k.problem("%v", p)
		}
		if end.Topic == kafkaTopic && len(replicas) > 0 {
			stored = append(stored, k.stored(end, replicas[0])...)
		}
		k.count(func(r *Report) { r.Committed += int(end.Offset) })
	})
	return stored
}

func (r *run) kafkaDir(id int) string {
	return filepath.Join(r.cluster.Dir(), "node"+strconv.Itoa(id), "kafka-logs")
}

// replicas reads a partition's files on all nodes that have it.
func (k *kafka) replicas(name string) (replicas []records.Replica) {
	for _, n := range k.nodes {
		files := segments(k.kafkaDir(n.ID), name)
		if len(files) == 0 {
			continue
		}
		r := records.Replica{Who: "node " + strconv.Itoa(n.ID)}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				k.problem("%s of %s: %v", name, r.Who, err)
				return replicas
			}
			r.Batches = append(r.Batches, batches(b)...)
		}
		replicas = append(replicas, r)
	}
	return replicas
}

// segments are a partition's log files, in their order.
func segments(dir, name string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, name, "*.log")) // the pattern is well formed
	slices.Sort(files)
	return files
}

// batches walks through a segment. It ends where a batch is not whole, as recovery would end it.
func batches(b []byte) (all []records.Batch) {
	for len(b) > 0 {
		h, err := kproto.ParseBatchHeader(b)
		if err != nil || h.Size() > len(b) || !kproto.CheckCRC(b[:h.Size()]) {
			break
		}
		all = append(all, records.Batch{Base: h.BaseOffset, Next: h.NextOffset(), Bytes: b[:h.Size()]})
		b = b[h.Size():]
	}
	return all
}

// stored are a replica's records below the high watermark.
func (k *kafka) stored(end kadm.ListedOffset, r records.Replica) (all []records.Stored) {
	const limit = 16 << 20
	var coder codec.Coder
	for _, b := range r.Batches {
		if b.Base >= end.Offset {
			break
		}
		h, err := kproto.ParseBatchHeader(b.Bytes)
		var section []byte
		if err == nil {
			section, err = coder.Decompress(h.Codec(), b.Bytes[kproto.BatchHeaderSize:], limit)
		}
		if err == nil {
			err = kproto.WalkRecords(h, section, func(record kproto.Record) error {
				id, err := idOf(record.Value)
				all = append(all, records.Stored{ID: id, Partition: end.Partition, Offset: record.Offset})
				return err
			})
		}
		if err != nil {
			k.problem("partition %d of %s, offset %d: %v", end.Partition, r.Who, b.Base, err)
		}
	}
	return all
}

// tearBrokers writes the beginning of a batch behind the last of each log of a node's broker, as a power cut may leave it.
func (s *scene) tearBroker(id int) error {
	partitions, _ := filepath.Glob(filepath.Join(s.kafkaDir(id), "*-*", "")) // the pattern is well formed
	for _, p := range partitions {
		files := segments(s.kafkaDir(id), filepath.Base(p))
		if len(files) == 0 || s.rnd.IntN(2) == 0 {
			continue
		}
		if err := s.tearSegment(files[len(files)-1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) tearSegment(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	next, size := int64(0), 0
	if _, err := fmt.Sscanf(filepath.Base(path), "%d.log", &next); err != nil {
		return err
	}
	for _, batch := range batches(b) {
		next, size = batch.Next, size+len(batch.Bytes)
	}
	torn := kproto.AppendBatch(nil, kproto.BatchHeader{BaseOffset: next, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1},
		[]kproto.Record{{Offset: next, Value: make([]byte, 1+s.rnd.IntN(2000))}})
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(torn[:1+s.rnd.IntN(len(torn)-1)], int64(size))
	return err
}
