package partitions

import (
	"errors"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// incarnation says whether a log is of a topic, or of another one that had the name before.
//
//	czxid         ids                     the log is
//	same          any                     the topic's: Kafka 2.7's tools drop the id when they alter a topic
//	not known     two that differ         another one's: Kafka has written the folder
//	not known     otherwise               the topic's
//	another       the same                the topic's: the znodes were copied to another ZooKeeper
//	another       the topic has none yet  nobody knows yet: the controller will give it one
//	another       otherwise               another one's
type incarnation int

const (
	sameTopic incarnation = iota
	anotherTopic
	unknownTopic
)

func incarnationOf(log *klog.Log, t *kzk.Topic) incarnation {
	switch inc := log.Incarnation(); {
	case inc.Czxid == 0 && !inc.TopicID.IsZero() && !t.ID.IsZero() && inc.TopicID != t.ID:
		return anotherTopic
	case inc.Czxid == 0, inc.Czxid == t.Czxid, !inc.TopicID.IsZero() && inc.TopicID == t.ID:
		return sameTopic
	case !inc.TopicID.IsZero() && t.ID.IsZero():
		return unknownTopic
	}
	return anotherTopic
}

// is says whether a topic that has replicas here is still the one that ZooKeeper has.
func (t *topic) is(now *kzk.Topic) bool {
	return t.czxid == now.Czxid || !t.id.IsZero() && t.id == now.ID
}

// errNoID is what a log waits for that is of a topic with an id.
var errNoID = errors.New("the folder has the id of a topic, and the topic of that name has none yet: it may be another one")
