package kbroker

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// metadataCache has the encoded answers to those who ask for all topics, which is what a crowd of clients does after a
// change. They belong to one image.
type metadataCache struct {
	mu      sync.Mutex
	img     *kzk.Image
	answers map[metadataKey][]byte
}

// metadataKey is all that the answer depends on beside the image.
type metadataKey struct {
	version              int16
	listener             string
	clusterOps, topicOps bool
}

// get returns the answer's body, which nobody changes.
func (c *metadataCache) get(img *kzk.Image, r *wire.Request, req *kmsg.MetadataRequest,
	answer func(*kzk.Image, string, *kmsg.MetadataRequest) *kmsg.MetadataResponse,
) []byte {
	key := metadataKey{r.Version, r.Listener, req.IncludeClusterAuthorizedOperations, req.IncludeTopicAuthorizedOperations}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.img != img {
		c.img, c.answers = img, map[metadataKey][]byte{}
	}
	body, ok := c.answers[key]
	if !ok {
		resp := answer(img, r.Listener, req)
		resp.SetVersion(r.Version)
		body = resp.AppendTo(nil)
		c.answers[key] = body
	}
	return body
}
