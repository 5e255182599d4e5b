package partitions

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// errBehind says that a topic was deleted that the image still has, or that a broker has registered that it has not.
var errBehind = errors.New("a topic was deleted, or a broker has registered meanwhile")

// stateWrite is a partition's new state on its way to ZooKeeper.
type stateWrite struct {
	call *zkclient.Call
	resp zkproto.MultiResponse
}

// writeState sends a state that was made by an image, on condition that the znode still has the version that it replaces;
// that no topic was deleted since the image, as another one of the name has the same versions; and that no broker has
// registered since: who has started anew is told by a registration that is later than the state.
func (m *Manager) writeState(ctx context.Context, img *kzk.Image, p *partition, state *kzk.State, version int32) *stateWrite {
	ops := []zkproto.MultiOp{
		{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: kzk.TopicsPath, Version: img.TopicsVersion}},
		{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: kzk.BrokerIDsPath, Version: img.BrokersVersion}},
		{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{
			Path: kzk.StatePath(p.topic, p.id), Data: kzk.EncodeState(state), Version: version}},
	}
	wr := new(stateWrite)
	wr.call = m.o.ZK.Start(ctx, zkproto.OpMulti, &zkproto.MultiRequest{Ops: ops}, &wr.resp)
	return wr
}

// wait returns what the write has made of the state's znode.
func (wr *stateWrite) wait(ctx context.Context) (stat zkproto.Stat, err error) {
	if err := wr.call.Wait(ctx); err != nil {
		return stat, err
	}
	const last = 2 // behind two checks
	for i, result := range wr.resp.Results {
		switch {
		case result.Op != zkproto.OpError || result.Err == zkproto.OK:
		case i < last && errors.Is(result.Err, zkproto.BadVersion):
			return stat, errBehind
		default:
			return stat, result.Err
		}
	}
	if len(wr.resp.Results) != last+1 {
		return stat, fmt.Errorf("%d results of %d operations", len(wr.resp.Results), last+1)
	}
	return wr.resp.Results[last].Stat, nil
}
