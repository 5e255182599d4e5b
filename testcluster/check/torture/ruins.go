package torture

import (
	"context"
	"encoding/binary"
	"os"
	"slices"
	"strconv"
)

// Ruins is an ensemble that is whole, and about to be broken in a way that no ensemble survives ([Config].Ruin).
type Ruins struct {
	r *run
	a *arena
}

// Down ends all nodes by kill -9.
func (u *Ruins) Down(ctx context.Context) error {
	for _, n := range u.r.nodes {
		if err := u.r.cluster.Kill(ctx, n.ID); err != nil {
			return err
		}
	}
	return nil
}

// UpInTurn starts nodes one after another, each when the one before it serves or has found no majority, and waits until
// all serve.
func (u *Ruins) UpInTurn(ctx context.Context, ids ...int) error {
	for _, id := range ids {
		u.r.say("ruin: node %d starts", id)
		u.a.restart(ctx, id)
	}
	return u.a.mend(ctx)
}

// DataDir is a node's folder.
func (u *Ruins) DataDir(id int) string { return u.r.dataDir(id) }

// LoseUnsynced cuts the newest logs of nodes that are down to what their durable marks vouch for: of a server that does
// not sync that is nothing (see package txnlog). It returns how many bytes were lost.
func (u *Ruins) LoseUnsynced(ids ...int) (lost int, err error) {
	for _, id := range ids {
		path := u.r.newestLog(id)
		b, err := os.ReadFile(path)
		if err != nil {
			return lost, err
		}
		const offset = 1<<48 - 1
		mark := logHeader
		if len(b) >= logHeader {
			mark = max(logHeader, int(binary.BigEndian.Uint64(b[8:])&offset))
		}
		if err := os.Truncate(path, int64(mark)); err != nil {
			return lost, err
		}
		lost += max(0, usedEnd(b)-mark)
		u.r.say("ruin: %s is cut at %d of %d", path, mark, usedEnd(b))
	}
	return lost, nil
}

// LoseRecords takes the last batch of each log of the topic from the brokers of nodes that are down. It returns how many
// batches were lost.
func (u *Ruins) LoseRecords(ids ...int) (lost int, err error) {
	for _, id := range ids {
		for p := range kafkaPartitions {
			n, err := cutLastBatch(segments(u.r.kafkaDir(id), kafkaTopic+"-"+strconv.Itoa(p)))
			if err != nil {
				return lost, err
			}
			lost += n
		}
		u.r.say("ruin: the logs of the broker of node %d lose their last batches", id)
	}
	return lost, nil
}

// cutLastBatch takes the last batch of a log away.
func cutLastBatch(files []string) (int, error) {
	for _, path := range slices.Backward(files) {
		b, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		if all := batches(b); len(all) > 0 {
			size := 0
			for _, batch := range all[:len(all)-1] {
				size += len(batch.Bytes)
			}
			return 1, os.Truncate(path, int64(size))
		}
	}
	return 0, nil
}
