package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/controller"
)

const (
	// retryDelay is how long run waits after ZooKeeper has refused something, or could not be asked.
	retryDelay = 100 * time.Millisecond
	// courtesy is how long a broker that leaves waits for another to take the office: where all leave there is none.
	courtesy = 500 * time.Millisecond
	// abdication bounds the last write of a controller that closes: its session may be gone, or ZooKeeper.
	abdication = 2 * time.Second
)

// stand takes the office if nobody has it, or if who has it is gone. It says whether there is more to do at once.
func (c *Control) stand(image *kzk.Image) bool {
	if id := image.Controller; id != noController && id != c.o.Self && !c.isDead(image, id) {
		c.vacant = time.Time{}
		return false
	}
	if c.departing && c.givesWay() {
		return false
	}
	err := c.campaign(image)
	if err == nil && (c.office != nil || c.o.Mirror.Image() != image) {
		return true
	}
	c.o.Logger.Debug("not elected", "error", err)
	c.retryIn(retryDelay)
	return false
}

// givesWay says whether a broker that leaves lets others have the office, which it would give up at once.
func (c *Control) givesWay() bool {
	now := c.o.Now()
	if c.vacant.IsZero() {
		c.vacant = now
	}
	left := courtesy - now.Sub(c.vacant)
	if left > 0 {
		c.retryIn(left)
	}
	return left > 0
}

// noController is the controller of an image that has none.
const noController = -1

// campaign runs for the office, as ZooKeeper has it now.
func (c *Control) campaign(image *kzk.Image) error {
	h, err := c.readHolder()
	if err != nil {
		return err
	}
	switch {
	case h.id == noController:
		err = c.elect(h)
	case h.owner == c.o.ZK.Session().ID: // an answer was lost
		c.enter(h.office)
	case h.id == c.o.Self: // left of a session that the broker had before
		err = c.elect(h)
	case h.id == image.Controller && h.zxid == image.ControllerZxid:
		c.o.Logger.Warn("the controller refuses connections: taking over", "controller", h.id)
		err = c.elect(h)
	}
	if refreshed := c.refresh(); err == nil {
		err = refreshed
	}
	return err
}

// holder is who has the office, and the fence of a transaction that takes it.
type holder struct {
	office
	id    int32             // noController: nobody
	owner zkproto.SessionID // of /controller
	zxid  int64             // of its creation
}

// readHolder reads the epoch first: if /controller then is of X, no election has followed X's before that epoch was read,
// and a transaction on condition of its version takes the office from X and from nobody else.
func (c *Control) readHolder() (h holder, err error) {
	h.epoch, h.version, err = c.readEpoch()
	if err != nil {
		return h, err
	}
	data, stat, err := c.o.ZK.Get(c.ctx, kzk.ControllerPath, nil)
	if errors.Is(err, zkproto.NoNode) {
		h.id = noController
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.owner, h.zxid = stat.EphemeralOwner, int64(stat.Czxid)
	if h.id, err = kzk.DecodeController(data); err != nil {
		return h, fmt.Errorf("%s: %w", kzk.ControllerPath, err)
	}
	return h, nil
}

// elect writes the next controller epoch and /controller in one transaction, in which the /controller of a holder goes.
// Who does it at the same time is excluded by the epoch's version. If the answer is lost, the next reading tells.
// Source: KafkaZkClient.registerControllerAndIncrementControllerEpoch.
func (c *Control) elect(h holder) error {
	next := h.epoch + 1
	ops := []zkproto.MultiOp{{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{
		Path: kzk.ControllerEpochPath, Data: kzk.EncodeControllerEpoch(next), Version: h.version}}}
	if h.id != noController {
		ops = append(ops, zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: kzk.ControllerPath, Version: -1}})
	}
	data := kzk.EncodeController(c.o.Self, c.o.Now().UnixMilli())
	ops = append(ops, zkclient.CreateOp(kzk.ControllerPath, data, zkproto.OpenACL(), zkproto.ModeEphemeral, 0))
	results, err := c.o.ZK.Multi(c.ctx, ops)
	if err != nil {
		return fmt.Errorf("become controller: %w", err)
	}
	c.enter(office{next, results[0].Stat.Version})
	return nil
}

// readEpoch reads /controller_epoch, and creates it before the first election.
func (c *Control) readEpoch() (epoch, version int32, err error) {
	data, stat, err := c.o.ZK.Get(c.ctx, kzk.ControllerEpochPath, nil)
	if errors.Is(err, zkproto.NoNode) {
		_, _, err = c.o.ZK.Create(c.ctx, kzk.ControllerEpochPath, []byte("0"), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		if err != nil && !errors.Is(err, zkproto.NodeExists) {
			return 0, 0, err
		}
		data, stat, err = c.o.ZK.Get(c.ctx, kzk.ControllerEpochPath, nil)
	}
	if err != nil {
		return 0, 0, err
	}
	epoch, err = kzk.DecodeControllerEpoch(data)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", kzk.ControllerEpochPath, err)
	}
	return epoch, stat.Version, nil
}

func (c *Control) enter(o office) {
	c.office = &o
	c.rebalanceAt = c.o.Now().Add(c.o.Config.RebalanceInterval)
	c.log().Info("elected as the controller")
}

// resign leaves the office to whoever has it now.
func (c *Control) resign(why string) {
	if c.office == nil {
		return
	}
	c.log().Info("no longer the controller", "reason", why)
	c.office = nil
	clear(c.leaving)
	clear(c.ids)
	c.answerShutdowns()
}

// abdicate leaves the office to nobody, after run has ended.
func (c *Control) abdicate() {
	if c.last == nil || c.o.ZK.State() != zkproto.StateSyncConnected {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), abdication)
	defer cancel()
	_, err := c.o.ZK.Multi(ctx, []zkproto.MultiOp{controller.Fence(c.last.version),
		{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: kzk.ControllerPath, Version: -1}}})
	c.last = nil
	if err != nil {
		c.o.Logger.Debug("leave the controller's office", "error", err)
	}
}

// fresh is the image with everything that was acknowledged before the call.
func (c *Control) fresh() (*kzk.Image, error) { return c.o.Mirror.Fresh(c.ctx) }

func (c *Control) refresh() error {
	_, err := c.fresh()
	return err
}
