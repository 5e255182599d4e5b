package txnlog

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// batch is transactions that are written and synced together, as the bytes of their entries.
type batch struct {
	bytes       []byte
	count       int
	first, last zkproto.Zxid
}

// add appends a transaction, which must come after the given zxid.
func (b *batch) add(txn []byte, after zkproto.Zxid) error {
	if err := checkTxn(txn); err != nil {
		return err
	}
	zxid := txnZxid(txn)
	if zxid <= after {
		return fmt.Errorf("append transaction %v after %v: %w", zxid, after, ErrOrder)
	}
	if b.count == 0 {
		b.first = zxid
	}
	b.bytes = appendEntry(b.bytes, txn)
	b.last = zxid
	b.count++
	return nil
}

// maxKept bounds the memory that an idle batch holds on to.
const maxKept = 4 << 20

func (b *batch) reset() {
	kept := b.bytes[:0]
	if cap(kept) > maxKept {
		kept = nil
	}
	*b = batch{bytes: kept}
}
