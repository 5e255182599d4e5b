package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// resource names what is to be configured.
type resource struct {
	kind kmsg.ConfigResourceType
	name string
}

// String is Kafka's ConfigResource.toString.
func (r resource) String() string {
	return fmt.Sprintf("ConfigResource(type=%s, name='%s')", resourceType(r.kind), r.name)
}

// change makes new overrides of the old ones, whose map it may use.
type change func(old map[string]string) (map[string]string, error)

// handleAlterConfigs answers AlterConfigs (33): all overrides of a resource are replaced. Version 2 is flexible.
// Source: AdminManager.alterConfigs.
func (a *Admin) handleAlterConfigs(r *wire.Request) {
	req := kmsg.NewPtrAlterConfigsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response {
		ctx, cancel := a.requestTimeout(ctx)
		defer cancel()
		resp := req.ResponseKind().(*kmsg.AlterConfigsResponse)
		for _, res := range req.Resources {
			answer := kmsg.NewAlterConfigsResponseResource()
			answer.ResourceType, answer.ResourceName = res.ResourceType, res.ResourceName
			err := a.alter(ctx, resource{res.ResourceType, res.ResourceName}, req.ValidateOnly, replacement(res.Configs))
			answer.ErrorCode, answer.ErrorMessage = told(err)
			resp.Resources = append(resp.Resources, answer)
		}
		return resp
	})
}

func replacement(configs []kmsg.AlterConfigsRequestResourceConfig) change {
	return func(map[string]string) (map[string]string, error) {
		wanted := map[string]string{}
		var null []string
		for _, c := range configs {
			if c.Value == nil {
				null = append(null, c.Name)
			} else {
				wanted[c.Name] = *c.Value
			}
		}
		if len(null) > 0 {
			return nil, refuse(kproto.InvalidRequest, "Null value not supported for : %s", strings.Join(null, ","))
		}
		return wanted, nil
	}
}

// handleIncrementalAlterConfigs answers IncrementalAlterConfigs (44): single overrides are set, removed, or as lists
// added to and taken from. Version 1 is flexible. Source: AdminManager.incrementalAlterConfigs.
func (a *Admin) handleIncrementalAlterConfigs(r *wire.Request) {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response {
		ctx, cancel := a.requestTimeout(ctx)
		defer cancel()
		resp := req.ResponseKind().(*kmsg.IncrementalAlterConfigsResponse)
		for _, res := range req.Resources {
			answer := kmsg.NewIncrementalAlterConfigsResponseResource()
			answer.ResourceType, answer.ResourceName = res.ResourceType, res.ResourceName
			err := a.alter(ctx, resource{res.ResourceType, res.ResourceName}, req.ValidateOnly, increments(res))
			answer.ErrorCode, answer.ErrorMessage = told(err)
			resp.Resources = append(resp.Resources, answer)
		}
		return resp
	})
}

func increments(res kmsg.IncrementalAlterConfigsRequestResource) change {
	keys := kconf.Brokers
	if res.ResourceType == kmsg.ConfigResourceTypeTopic {
		keys = kconf.Topics
	}
	return func(config map[string]string) (map[string]string, error) {
		if err := checkOps(res.Configs); err != nil {
			return nil, err
		}
		for _, op := range res.Configs {
			if err := increment(config, op, keys()); err != nil {
				return nil, err
			}
		}
		return config, nil
	}
}

// opNames are Kafka's names of the operations, by number.
var opNames = [...]string{"SET", "DELETE", "APPEND", "SUBTRACT"}

func checkOps(ops []kmsg.IncrementalAlterConfigsRequestResourceConfig) error {
	times := map[string]int{}
	var null, twice []string
	for _, op := range ops {
		if times[op.Name]++; times[op.Name] == 2 {
			twice = append(twice, op.Name)
		}
		if op.Op < 0 || int(op.Op) >= len(opNames) {
			return refuse(kproto.InvalidRequest, "Unknown operation %d on %s", op.Op, op.Name)
		}
		if op.Value == nil && op.Op != kmsg.IncrementalAlterConfigOpDelete {
			null = append(null, opNames[op.Op]+":"+op.Name)
		}
	}
	switch {
	case len(twice) > 0:
		return refuse(kproto.InvalidRequest, "Error due to duplicate config keys : %s", strings.Join(twice, ","))
	case len(null) > 0:
		return refuse(kproto.InvalidRequest, "Null value not supported for : %s", strings.Join(null, ","))
	}
	return nil
}

func increment(config map[string]string, op kmsg.IncrementalAlterConfigsRequestResourceConfig, keys []kconf.Key) error {
	switch op.Op {
	case kmsg.IncrementalAlterConfigOpSet:
		config[op.Name] = *op.Value
		return nil
	case kmsg.IncrementalAlterConfigOpDelete:
		delete(config, op.Name)
		return nil
	}
	i := slices.IndexFunc(keys, func(k kconf.Key) bool { return k.Name == op.Name })
	if i < 0 {
		return refuse(kproto.InvalidConfig, "Unknown topic config name: %s", op.Name)
	}
	if keys[i].Type != kconf.List {
		return refuse(kproto.InvalidRequest, "Config value %s is not allowed for config key: %s", strings.ToLower(opNames[op.Op]), op.Name)
	}
	value, set := config[op.Name]
	if !set {
		value = keys[i].Default
	}
	list, elements := strings.Split(value, ","), strings.Split(*op.Value, ",")
	if op.Op == kmsg.IncrementalAlterConfigOpAppend {
		list = append(list, elements...)
	} else {
		list = without(list, elements)
	}
	config[op.Name] = strings.Join(list, ",")
	return nil
}

// without takes each element away once.
func without(list, elements []string) []string {
	times := map[string]int{}
	for _, e := range elements {
		times[e]++
	}
	return slices.DeleteFunc(list, func(e string) bool {
		times[e]--
		return times[e] >= 0
	})
}

// alter checks a change and, unless it is only to validate, carries it out.
func (a *Admin) alter(ctx context.Context, res resource, validateOnly bool, change change) error {
	img, err := a.o.Mirror.Fresh(ctx)
	if err != nil {
		return err
	}
	entity, check, err := a.target(img, res)
	if err != nil {
		return err
	}
	checked := func(old map[string]string) (map[string]string, error) {
		config, err := change(old)
		if err != nil {
			return nil, err
		}
		return config, check(config)
	}
	if validateOnly {
		_, err := checked(maps.Clone(orEmpty(img.Config(entity.Key()))))
		return err
	}
	return a.setConfig(ctx, entity, checked)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// target is the entity of a resource, and the check of its overrides.
func (a *Admin) target(img *kzk.Image, res resource) (kzk.Entity, func(map[string]string) error, error) {
	switch res.kind {
	case kmsg.ConfigResourceTypeTopic:
		if img.Topics[res.name] == nil {
			return kzk.Entity{}, nil, noTopic(res.name)
		}
		check := func(config map[string]string) error {
			return wrongConfig(res, a.o.Config.CheckTopics(config, a.dynamic(img)...))
		}
		return kzk.Entity{Type: kzk.TopicEntity, Name: res.name}, check, nil
	case kmsg.ConfigResourceTypeBroker:
		e, err := a.broker(res.name, "")
		check := func(config map[string]string) error { return checkBroker(res, config) }
		return e, check, err
	}
	return kzk.Entity{}, nil, refuse(kproto.InvalidRequest,
		"Unexpected resource type %s", resourceType(res.kind))
}

// wrongConfig is the refusal of a configuration: a value that is none is an invalid request here.
func wrongConfig(res resource, err error) error {
	var value *kconf.ValueError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &value):
		return refuse(kproto.InvalidRequest, "Invalid config value for resource %s: %s", res, err)
	}
	return refuse(kproto.InvalidConfig, "%s", err)
}

// checkBroker refuses what cannot be set while a broker runs. Keys that nobody knows may be: they are a plugin's.
// Source: DynamicBrokerConfig.validate.
func checkBroker(res resource, config map[string]string) error {
	known := map[string]kconf.Key{}
	for _, k := range kconf.Brokers() {
		known[k.Name] = k
	}
	var never, notForAll []string
	for _, name := range slices.Sorted(maps.Keys(config)) {
		k, ok := known[name]
		switch {
		case !ok:
		case k.Mode == kconf.ReadOnly:
			never = append(never, name)
		case k.Mode == kconf.PerBroker && res.name == "":
			notForAll = append(notForAll, name)
		}
	}
	reason := ""
	if len(never) > 0 {
		reason = "Cannot update these configs dynamically: " + scalaSet(never)
	}
	for _, name := range slices.Sorted(maps.Keys(config)) {
		if k, ok := known[name]; ok && reason == "" {
			if err := k.Check(config[name]); err != nil {
				reason = err.Error()
			}
		}
	}
	if len(notForAll) > 0 && reason == "" {
		reason = "Cannot update these configs at default cluster level, broker id must be specified: " + scalaSet(notForAll)
	}
	if reason == "" {
		return nil
	}
	return refuse(kproto.InvalidRequest, "Invalid config value for resource %s: %s", res, reason)
}

func scalaSet(names []string) string { return "Set(" + strings.Join(names, ", ") + ")" }
