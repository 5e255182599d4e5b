package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// replay applies the log from a zxid on to what a snapshot held. Reading and decoding go ahead of applying, in a
// goroutine that has ended when replay returns.
func replay(c content, log *txnlog.Log, from zkproto.Zxid) (count int, err error) {
	stop := make(chan struct{})
	batches := make(chan replayBatch, 2)
	go decodeLog(log, from, batches, stop)
	defer func() {
		close(stop)
		for range batches { // until it is closed: the goroutine is done
		}
	}()
	var events []znode.Event
	for b := range batches {
		for i := range b.txns {
			_, events = c.tree.Apply(&b.txns[i], events[:0])
			applySession(c.table, &b.txns[i])
		}
		count += len(b.txns)
		if b.err != nil {
			return count, b.err
		}
	}
	return count, nil
}

// replayBatch is a run of decoded transactions; err is what ended the log, if anything did.
type replayBatch struct {
	txns []txn.Txn
	err  error
}

// replayBytes is how much of the log a batch holds at least, unless it is the last one.
const replayBytes = 256 << 10

// decodeLog sends the log in batches and closes the channel.
func decodeLog(log *txnlog.Log, from zkproto.Zxid, batches chan<- replayBatch, stop <-chan struct{}) {
	defer close(batches)
	it := log.ReadFrom(from)
	defer it.Close()
	for more := true; more; {
		var b replayBatch
		b, more = nextBatch(it)
		select {
		case batches <- b:
		case <-stop:
			return
		}
	}
}

// nextBatch decodes a run of transactions; more is false at the log's end.
func nextBatch(it *txnlog.Iterator) (b replayBatch, more bool) {
	var memory []byte // the batch's own: the iterator's goes with the next entry
	for len(memory) < replayBytes {
		if !it.Next() {
			b.err = it.Err()
			return b, false
		}
		at := len(memory)
		memory = append(memory, it.Txn()...)
		x, err := txn.Decode(memory[at:])
		if err != nil {
			b.err = fmt.Errorf("replay the transaction log: %w", err)
			return b, false
		}
		b.txns = append(b.txns, x)
	}
	return b, true
}
