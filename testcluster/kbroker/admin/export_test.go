package admin

import (
	"context"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// SetTopicConfig replaces the overrides of a topic.
func (a *Admin) SetTopicConfig(ctx context.Context, topic string, config map[string]string) error {
	return a.setConfig(ctx, kzk.Entity{Type: kzk.TopicEntity, Name: topic}, func(map[string]string) (map[string]string, error) { return config, nil })
}
