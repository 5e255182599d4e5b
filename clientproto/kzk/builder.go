package kzk

import (
	"errors"
	"maps"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Builder holds an [Image] that is being changed, znode by znode, in whatever order they are read.
// What an image has given out is never changed: a topic, a map is copied when it is first changed
// after [Builder.Image], and shared with the next image otherwise.
//
// It is not safe for concurrent use.
type Builder struct {
	image  Image
	shared *Image // the last one given out; nil as soon as image differs from it

	// What image alone has, and so may be changed in place.
	ownBrokers, ownTopics, ownConfigs, ownDeletions, ownUnreadable bool
	ownTopic                                                       map[string]bool

	nodes  map[string]known            // every znode taken in, by path
	states map[string]map[int32]*State // of topics and partitions that may not be known yet
}

// known is which version of a znode was taken in last.
type known struct{ czxid, mzxid zkproto.Zxid }

// NewBuilder returns a Builder of an empty image.
func NewBuilder() *Builder {
	return &Builder{
		image: Image{
			Brokers: map[int32]*Broker{}, Topics: map[string]*Topic{}, Configs: map[string]map[string]string{},
			Deletions: map[string]struct{}{}, Unreadable: map[string]string{}, Controller: -1, ControllerEpoch: -1, ControllerEpochVersion: -1,
			BrokersVersion: -1, TopicsVersion: -1,
		},
		ownTopic: map[string]bool{}, nodes: map[string]known{}, states: map[string]map[int32]*State{},
	}
}

// Image is the image as it is now: the same pointer as long as nothing changes.
func (b *Builder) Image() *Image {
	if b.shared == nil {
		image := b.image
		b.shared = &image
		b.ownBrokers, b.ownTopics, b.ownConfigs, b.ownDeletions, b.ownUnreadable = false, false, false, false, false
		clear(b.ownTopic)
	}
	return b.shared
}

// Put takes in what a znode holds; paths that are none of an image's are ignored, and so is a version that is
// known, or older than that. Data that cannot be understood is a [*ZnodeError], and the old value stays.
func (b *Builder) Put(path string, data []byte, stat zkproto.Stat) error {
	was, ok := b.nodes[path]
	if ok && stat.Mzxid <= was.mzxid {
		return nil
	}
	take := b.taker(path)
	if take == nil {
		return nil
	}
	if err := take(data, stat); err != nil {
		b.Unreadable(path, err)
		return &ZnodeError{path, err}
	}
	b.readable(path)
	b.nodes[path] = known{stat.Czxid, stat.Mzxid}
	return nil
}

// Unreadable says that a znode is there and cannot be read. The old value stays.
func (b *Builder) Unreadable(path string, why error) {
	if b.image.Unreadable[path] != why.Error() {
		own(b, &b.ownUnreadable, &b.image.Unreadable)[path] = why.Error()
	}
}

func (b *Builder) readable(path string) {
	if _, ok := b.image.Unreadable[path]; ok {
		delete(own(b, &b.ownUnreadable, &b.image.Unreadable), path)
	}
}

// InImage says whether a path is of a znode that Put takes in.
func InImage(path string) bool { return new(Builder).taker(path) != nil }

// Remove takes a znode out; what is below it is not touched, except that a topic goes with its states.
func (b *Builder) Remove(path string) {
	b.readable(path)
	if _, ok := b.nodes[path]; !ok {
		return
	}
	delete(b.nodes, path)
	if remove := b.remover(path); remove != nil {
		remove()
	}
}

// Retain takes out every znode whose path keep does not hold for: those that a full reading did not meet.
func (b *Builder) Retain(keep func(path string) bool) {
	for path := range b.nodes {
		if !keep(path) {
			b.Remove(path)
		}
	}
	for path := range b.image.Unreadable {
		if !keep(path) {
			b.Remove(path)
		}
	}
}

type taker func(data []byte, stat zkproto.Stat) error

// taker is what reads a path's znode, nil for one that is not of an image.
func (b *Builder) taker(path string) taker {
	if p, ok := ParseStatePath(path); ok {
		return func(data []byte, stat zkproto.Stat) error { return b.putState(p, data, stat) }
	}
	parent, name := split(path)
	switch {
	case parent == TopicsPath:
		return func(data []byte, stat zkproto.Stat) error { return b.putTopic(name, data, stat) }
	case parent == BrokerIDsPath:
		return func(data []byte, stat zkproto.Stat) error { return b.putBroker(name, data, stat) }
	case parent == DeleteTopicsPath:
		return func([]byte, zkproto.Stat) error {
			own(b, &b.ownDeletions, &b.image.Deletions)[name] = struct{}{}
			return nil
		}
	case isEntity(path):
		return func(data []byte, _ zkproto.Stat) error { return b.putConfig(path[len(ConfigPath)+1:], data) }
	}
	return b.single(path)
}

// single is the taker of a znode that there is one of.
func (b *Builder) single(path string) taker {
	i := &b.image
	switch path {
	case BrokerIDsPath:
		return b.version(&i.BrokersVersion)
	case TopicsPath:
		return b.version(&i.TopicsVersion)
	case ControllerPath:
		return func(data []byte, stat zkproto.Stat) error {
			id, err := DecodeController(data)
			if err == nil {
				b.changed()
				i.Controller, i.ControllerZxid = id, int64(stat.Czxid)
			}
			return err
		}
	case ControllerEpochPath:
		return func(data []byte, stat zkproto.Stat) error {
			epoch, err := DecodeControllerEpoch(data)
			if err == nil {
				b.changed()
				i.ControllerEpoch, i.ControllerEpochVersion = epoch, stat.Version
			}
			return err
		}
	case ClusterIDPath:
		return func(data []byte, _ zkproto.Stat) error {
			id, err := DecodeClusterID(data)
			if err == nil {
				b.changed()
				i.ClusterID = id
			}
			return err
		}
	case ReassignmentPath:
		return func(data []byte, stat zkproto.Stat) error {
			r, err := DecodeReassignment(data)
			if err == nil {
				b.changed()
				r.Version, i.Reassign = stat.Version, r
			}
			return err
		}
	case PreferredElectionPath:
		return func(data []byte, stat zkproto.Stat) error {
			partitions, err := DecodePartitions(data)
			if err == nil {
				b.changed()
				i.Preferred = &PreferredElection{partitions, stat.Version}
			}
			return err
		}
	}
	return nil
}

// version is the taker of a znode of which only that counts.
func (b *Builder) version(to *int32) taker {
	return func(_ []byte, stat zkproto.Stat) error {
		b.changed()
		*to = stat.Version
		return nil
	}
}

// remover undoes what a path's taker does.
func (b *Builder) remover(path string) func() {
	if p, ok := ParseStatePath(path); ok {
		return func() { b.removeState(p) }
	}
	parent, name := split(path)
	switch {
	case parent == TopicsPath:
		return func() { b.removeTopic(name) }
	case parent == BrokerIDsPath:
		return func() {
			if id, ok := parseID(name); ok {
				delete(own(b, &b.ownBrokers, &b.image.Brokers), id)
			}
		}
	case parent == DeleteTopicsPath:
		return func() { delete(own(b, &b.ownDeletions, &b.image.Deletions), name) }
	case isEntity(path):
		return func() { delete(own(b, &b.ownConfigs, &b.image.Configs), path[len(ConfigPath)+1:]) }
	}
	return func() { b.removeSingle(path) }
}

func (b *Builder) removeSingle(path string) {
	b.changed()
	switch path {
	case BrokerIDsPath:
		b.image.BrokersVersion = -1
	case TopicsPath:
		b.image.TopicsVersion = -1
	case ControllerPath:
		b.image.Controller, b.image.ControllerZxid = -1, 0
	case ControllerEpochPath:
		b.image.ControllerEpoch, b.image.ControllerEpochVersion = -1, -1
	case ClusterIDPath:
		b.image.ClusterID = ""
	case ReassignmentPath:
		b.image.Reassign = nil
	case PreferredElectionPath:
		b.image.Preferred = nil
	}
}

// changed says that the image is not that given out last any more.
func (b *Builder) changed() { b.shared = nil }

// own returns a map of the image to be changed, which is a copy if an image given out has it.
func own[K comparable, V any](b *Builder, owned *bool, m *map[K]V) map[K]V {
	b.changed()
	if !*owned {
		*m, *owned = maps.Clone(*m), true
	}
	return *m
}

func (b *Builder) putBroker(name string, data []byte, stat zkproto.Stat) error {
	id, ok := parseID(name)
	if !ok {
		return errors.New("its name is not a broker's id")
	}
	broker, err := DecodeBroker(id, data)
	if err != nil {
		return err
	}
	broker.Epoch = int64(stat.Czxid)
	if broker.FirstEpoch == 0 {
		broker.FirstEpoch = broker.Epoch
	}
	own(b, &b.ownBrokers, &b.image.Brokers)[id] = broker
	return nil
}

func (b *Builder) putConfig(key string, data []byte) error {
	if _, err := ParseEntity(key); err != nil {
		return err
	}
	config, err := DecodeConfig(data)
	if err != nil {
		return err
	}
	configs := own(b, &b.ownConfigs, &b.image.Configs)
	if config == nil {
		delete(configs, key)
	} else {
		configs[key] = config
	}
	return nil
}

// isEntity says whether a path below /config may have overrides: TYPE/NAME and users/NAME/clients/NAME.
func isEntity(path string) bool {
	key, ok := strings.CutPrefix(path, ConfigPath+"/")
	if !ok || strings.HasPrefix(path, ConfigChangesPath+"/") {
		return false
	}
	switch strings.Count(key, "/") {
	case 1:
		return true
	case 3:
		parts := strings.Split(key, "/")
		return parts[0] == UserEntity && parts[2] == ClientEntity
	}
	return false
}

func split(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
