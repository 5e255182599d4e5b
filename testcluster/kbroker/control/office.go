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
	// abdication bounds the last write of a controller that closes: its session may be gone, or ZooKeeper.
	abdication = 2 * time.Second
)

// stand takes the office if nobody has it, or if who has it is gone. It says whether there is more to do at once.
func (c *Control) stand(image *kzk.Image) bool {
	var err error
	switch id := image.Controller; {
	case id == noController:
		err = c.elect(false)
	case id == c.o.Self:
		err = c.reclaim()
	case c.isDead(image, id):
		err = c.succeed(id)
	default:
		return false
	}
	if err != nil {
		c.o.Logger.Debug("not elected", "error", err)
		c.retryIn(retryDelay)
		return false
	}
	return true
}

// noController is the controller of an image that has none.
const noController = -1

// elect writes the next controller epoch and /controller, in one. With replace, /controller is another's, or an earlier
// session's, and goes in the same transaction: two brokers that do it exclude each other by the epoch's version.
// Source: KafkaZkClient.registerControllerAndIncrementControllerEpoch.
func (c *Control) elect(replace bool) error {
	epoch, version, err := c.readEpoch()
	if err != nil {
		return err
	}
	next := epoch + 1
	ops := []zkproto.MultiOp{{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{
		Path: kzk.ControllerEpochPath, Data: kzk.EncodeControllerEpoch(next), Version: version}}}
	if replace {
		ops = append(ops, zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: kzk.ControllerPath, Version: -1}})
	}
	data := kzk.EncodeController(c.o.Self, c.o.Now().UnixMilli())
	ops = append(ops, zkclient.CreateOp(kzk.ControllerPath, data, zkproto.OpenACL(), zkproto.ModeEphemeral, 0))
	results, err := c.o.ZK.Multi(c.ctx, ops)
	switch {
	case err == nil:
		c.enter(office{next, results[0].Stat.Version})
	case zkclient.OutcomeUnknown(err):
		if err := c.claim(); err != nil {
			return err
		}
	default:
		c.refresh()
		return fmt.Errorf("become controller: %w", err)
	}
	return c.refresh()
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

// claim enters the office if /controller is this session's: then the answer to an election was lost. The epoch is read
// first: had another been elected after that, /controller would not be this session's.
func (c *Control) claim() error {
	epoch, version, err := c.readEpoch()
	if err != nil {
		return err
	}
	data, stat, err := c.o.ZK.Get(c.ctx, kzk.ControllerPath, nil)
	if err != nil {
		return err
	}
	if stat.EphemeralOwner == c.o.ZK.Session().ID {
		c.enter(office{epoch, version})
		return nil
	}
	if id, err := kzk.DecodeController(data); err != nil || id != c.o.Self {
		return errAnother
	}
	return errEarlier
}

var (
	errAnother = errors.New("another broker is the controller")
	errEarlier = errors.New(kzk.ControllerPath + " is left of an earlier session of this broker")
)

// reclaim deals with a /controller that names this broker, which does not know of it: it is this session's, or is left
// of a session that the broker had before, and that has not ended yet.
func (c *Control) reclaim() error {
	switch err := c.claim(); {
	case errors.Is(err, errEarlier):
		return c.elect(true)
	case err == nil, errors.Is(err, zkproto.NoNode):
		return c.refresh()
	default:
		return err
	}
}

// succeed takes over from a controller that refuses connections.
func (c *Control) succeed(id int32) error {
	image, err := c.fresh()
	if err != nil {
		return err
	}
	if image.Controller != id || !c.isDead(image, id) {
		return nil // it was seen to already
	}
	c.o.Logger.Warn("the controller refuses connections: taking over", "controller", id)
	return c.elect(true)
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
