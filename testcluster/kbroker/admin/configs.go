package admin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

func brokerKey(id int32) string {
	return kzk.Entity{Type: kzk.BrokerEntity, Name: strconv.Itoa(int(id))}.Key()
}

// setConfig replaces an entity's overrides by what change makes of them, and tells so in the way of Kafka: by a
// notification. Both are one transaction. Where somebody else has changed them meanwhile, or the answer was lost, change is
// called again with what there is then.
func (a *Admin) setConfig(ctx context.Context, e kzk.Entity, change func(map[string]string) (map[string]string, error)) error {
	var written map[string]string
	for {
		old, version, err := a.config(ctx, e)
		if err != nil {
			return err
		}
		if written != nil && maps.Equal(old, written) {
			break // the answer was lost, the write was not
		}
		if written, err = change(maps.Clone(old)); err != nil {
			return err
		}
		if err = a.writeConfig(ctx, e, version, written); err == nil {
			break
		}
		switch index, code := failedAt(err); {
		case index == topicCheck:
			return noTopic(e.Name)
		case index == 0 && (code == zkproto.BadVersion || code == zkproto.NodeExists):
		case index == 0 && code == zkproto.NoNode:
			if err := a.parents(ctx, e); err != nil {
				return err
			}
		case !lost(err):
			return err
		}
	}
	a.purgeChanges(ctx)
	_, err := a.o.Mirror.Fresh(ctx) // so that who asks this broker next sees it
	return err
}

// config reads an entity's overrides, never nil, and the znode's version, -1 if there is none.
func (a *Admin) config(ctx context.Context, e kzk.Entity) (map[string]string, int32, error) {
	for {
		data, stat, err := a.o.ZK.Get(ctx, e.Path(), nil)
		switch {
		case errors.Is(err, zkproto.NoNode):
			return map[string]string{}, -1, nil
		case lost(err):
			if err := a.o.ZK.Connected(ctx); err != nil {
				return nil, 0, err
			}
			continue
		case err != nil:
			return nil, 0, err
		}
		config, err := kzk.DecodeConfig(data)
		if err != nil {
			return nil, 0, &kzk.ZnodeError{Path: e.Path(), Err: err}
		}
		if config == nil {
			config = map[string]string{}
		}
		return config, stat.Version, nil
	}
}

// topicCheck is the place of the operation of writeConfig that fails where the topic is gone: nobody would ever remove its
// overrides.
const topicCheck = 2

// writeConfig writes the overrides, if the znode is at that version (-1: not there), and the notification.
func (a *Admin) writeConfig(ctx context.Context, e kzk.Entity, version int32, config map[string]string) error {
	data := kzk.EncodeConfig(config)
	op := setOp(e.Path(), data, version)
	if version < 0 {
		op = zkclient.CreateOp(e.Path(), data, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	}
	ops := []zkproto.MultiOp{op,
		zkclient.CreateOp(kzk.ConfigChangePrefix, kzk.EncodeConfigChange(e.Key()), zkproto.OpenACL(), zkproto.ModePersistentSequential, 0)}
	if e.Type == kzk.TopicEntity {
		ops = append(ops, existsOp(kzk.TopicPath(e.Name)))
	}
	_, err := a.o.ZK.Multi(ctx, ops)
	if err == nil {
		a.o.Logger.Info("configuration changed", "entity", e.Key())
	}
	return err
}

// parents makes what stands above the znode of a user's client.
func (a *Admin) parents(ctx context.Context, e kzk.Entity) error {
	for i, c := range e.Path() {
		if c != '/' || i == 0 {
			continue
		}
		_, _, err := a.o.ZK.Create(ctx, e.Path()[:i], nil, zkproto.OpenACL(), zkproto.ModePersistent, 0)
		if err != nil && !errors.Is(err, zkproto.NodeExists) && !lost(err) {
			return err
		}
	}
	return nil
}

// changeLife is how long a notification stays. Source: ZkNodeChangeNotificationListener.
const changeLife = 15 * time.Minute

// purgeChanges removes notifications that everybody has seen. It may fail: the next change does it then.
func (a *Admin) purgeChanges(ctx context.Context) {
	names, _, err := a.o.ZK.Children(ctx, kzk.ConfigChangesPath, nil)
	if err != nil {
		return
	}
	slices.Sort(names) // oldest first
	for _, name := range names {
		path := kzk.ConfigChangesPath + "/" + name
		stat, err := a.o.ZK.Exists(ctx, path, nil)
		if err != nil || !strings.HasPrefix(path, kzk.ConfigChangePrefix) {
			continue
		}
		if a.o.Now().Sub(time.UnixMilli(stat.Ctime)) < changeLife {
			return
		}
		if err := a.o.ZK.Delete(ctx, path, -1); err != nil && !errors.Is(err, zkproto.NoNode) {
			return
		}
	}
}
