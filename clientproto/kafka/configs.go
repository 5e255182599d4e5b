package kafka

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Configs describes configurations, with their defaults, in the order of the resources. docs asks for the
// documentation too.
func (c *Client) Configs(ctx context.Context, docs bool, resources ...kmodel.Resource) ([]kmodel.Configs, error) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.IncludeSynonyms, req.IncludeDocumentation = true, docs
	out := make([]kmodel.Configs, len(resources))
	at := map[kmodel.Resource]int{}
	for i, r := range resources {
		res := kmsg.NewDescribeConfigsRequestResource()
		res.ResourceType, res.ResourceName = kmsg.ConfigResourceType(r.Type), r.Name
		req.Resources = append(req.Resources, res)
		out[i] = kmodel.Configs{Resource: r, Err: &ServerError{Code: kproto.UnknownServerError, Message: "no broker answered"}}
		at[r] = i
	}
	for _, shard := range c.kgo.RequestSharded(ctx, req) {
		if shard.Err != nil {
			for _, r := range shard.Req.(*kmsg.DescribeConfigsRequest).Resources {
				out[at[kmodel.Resource{Type: kmodel.ResourceType(r.ResourceType), Name: r.ResourceName}]].Err = c.failure(ctx, shard.Err)
			}
			continue
		}
		for _, r := range shard.Resp.(*kmsg.DescribeConfigsResponse).Resources {
			i, ok := at[kmodel.Resource{Type: kmodel.ResourceType(r.ResourceType), Name: r.ResourceName}]
			if !ok {
				continue
			}
			out[i].Err = codeError(r.ErrorCode, r.ErrorMessage)
			for _, entry := range r.Configs {
				out[i].Entries = append(out[i].Entries, config(entry))
			}
			slices.SortFunc(out[i].Entries, func(a, b kmodel.Config) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	return out, ctx.Err()
}

func config(e kmsg.DescribeConfigsResponseResourceConfig) kmodel.Config {
	out := kmodel.Config{
		Name: e.Name, ReadOnly: e.ReadOnly, Sensitive: e.IsSensitive, Source: kmodel.ConfigSource(e.Source),
		Null: e.Value == nil,
	}
	if e.Value != nil {
		out.Value = *e.Value
	}
	if e.ConfigType != 0 {
		out.Type = strings.ToLower(e.ConfigType.String())
	}
	if e.Documentation != nil {
		out.Doc = *e.Documentation
	}
	for _, s := range e.ConfigSynonyms {
		synonym := kmodel.ConfigSynonym{Name: s.Name, Source: kmodel.ConfigSource(s.Source), Null: s.Value == nil}
		if s.Value != nil {
			synonym.Value = *s.Value
		}
		out.Synonyms = append(out.Synonyms, synonym)
	}
	return out
}

// AlterConfigs changes some keys of one resource by IncrementalAlterConfigs. A broker older than that (before 2.3) is
// asked for all keys that are set, and told them with the changes in; what somebody else changes between is lost then.
func (c *Client) AlterConfigs(ctx context.Context, resource kmodel.Resource, changes []kmodel.ConfigChange, validateOnly bool) error {
	res := kmsg.NewIncrementalAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kmsg.ConfigResourceType(resource.Type), resource.Name
	for _, change := range changes {
		cfg := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		cfg.Name, cfg.Op = change.Name, kmsg.IncrementalAlterConfigOp(change.Op)
		if change.Op != kmodel.DeleteConfig {
			cfg.Value = kmsg.StringPtr(change.Value)
		}
		res.Configs = append(res.Configs, cfg)
	}
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Resources, req.ValidateOnly = append(req.Resources, res), validateOnly
	resp, err := req.RequestWith(ctx, c.kgo)
	if unsupported(err) {
		return c.replaceConfigs(ctx, resource, changes, validateOnly)
	}
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, r := range resp.Resources {
		if err := codeError(r.ErrorCode, r.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}

// replaceConfigs is AlterConfigs by the request that replaces all keys.
func (c *Client) replaceConfigs(ctx context.Context, resource kmodel.Resource, changes []kmodel.ConfigChange, validateOnly bool) error {
	described, err := c.Configs(ctx, false, resource)
	if err == nil {
		err = described[0].Err
	}
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, entry := range described[0].Entries {
		switch entry.Source {
		case kmodel.DynamicTopic, kmodel.DynamicBroker, kmodel.DynamicDefaultBroker:
			if entry.Sensitive {
				return errors.New(entry.Name + " is set, and its value cannot be read: this broker wants all of them told again, so nothing was changed")
			}
			values[entry.Name] = entry.Value
		}
	}
	for _, change := range changes {
		switch change.Op {
		case kmodel.SetConfig:
			values[change.Name] = change.Value
		case kmodel.DeleteConfig:
			delete(values, change.Name)
		default:
			return &ServerError{Code: kproto.UnsupportedVersion, Message: "this broker cannot add to lists or take from them"}
		}
	}
	res := kmsg.NewAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kmsg.ConfigResourceType(resource.Type), resource.Name
	for name, value := range values {
		cfg := kmsg.NewAlterConfigsRequestResourceConfig()
		cfg.Name, cfg.Value = name, kmsg.StringPtr(value)
		res.Configs = append(res.Configs, cfg)
	}
	req := kmsg.NewPtrAlterConfigsRequest()
	req.Resources, req.ValidateOnly = append(req.Resources, res), validateOnly
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, r := range resp.Resources {
		if err := codeError(r.ErrorCode, r.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}
