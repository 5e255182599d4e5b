package torture

import (
	"bytes"
	"context"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/check/history"
	"github.com/zoka-project/zoka/testcluster/txn"
	"github.com/zoka-project/zoka/testcluster/txnlog"
)

// judgeFiles is the end of the nodes: what they have written is compared. Their logs agree, transaction by transaction,
// also in what later writes have covered, and what was acknowledged stands there as it was acknowledged. (A node that
// was sent a snapshot has no transactions from before it.)
func (r *run) judgeFiles(ctx context.Context, ops []history.Op) {
	for _, n := range r.nodes {
		if err := r.cluster.Kill(ctx, n.ID); err != nil {
			r.problem("the last kill: %v", err)
			return
		}
	}
	logged := map[zkproto.Zxid][]byte{}
	for _, n := range r.nodes {
		if err := r.readLog(n.ID, logged); err != nil {
			r.problem("the log of node %d: %v", n.ID, err)
		}
	}
	r.count(func(rep *Report) { rep.Transactions += len(logged) })
	for i := range ops {
		o := &ops[i]
		b := logged[o.Zxid]
		if !o.Kind.Write() || o.Unknown || o.Zxid == 0 || b == nil {
			continue
		}
		if err := tells(b, o); err != nil {
			r.problem("%v: %v", err, o)
		}
	}
}

// readLog adds a node's transactions to those of the others, and compares them.
func (r *run) readLog(id int, logged map[zkproto.Zxid][]byte) error {
	return r.withLog(id, func(_ *txnlog.Folder, log *txnlog.Log) error {
		it := log.ReadFrom(0)
		defer it.Close()
		for it.Next() {
			before, there := logged[it.Zxid()]
			switch {
			case !there:
				logged[it.Zxid()] = bytes.Clone(it.Txn())
			case !bytes.Equal(before, it.Txn()):
				return fmt.Errorf("another node has another transaction %v:\n%x\n%x", it.Zxid(), it.Txn(), before)
			}
		}
		return it.Err()
	})
}

// tells demands that a transaction is the one that a client was told of.
func tells(b []byte, o *history.Op) error {
	t, err := txn.Decode(b)
	if err != nil {
		return fmt.Errorf("a transaction that is none: %w", err)
	}
	failed, isError := t.Body.(*txn.Error)
	switch {
	case o.Session != 0 && t.Header.Session != o.Session:
		return fmt.Errorf("the log has a transaction of session %v", t.Header.Session)
	case isError && failed.Code != o.Code, !isError && o.Code != zkproto.OK:
		return fmt.Errorf("the log has another outcome: %+v", t.Body)
	}
	return nil
}
