package admin

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Types of entities with quotas, as requests name them.
const (
	quotaUser   = "user"
	quotaClient = "client-id"
)

// quotaKeys are what may be bounded, and whether only whole numbers do. Source: DynamicConfig.Client.
var quotaKeys = map[string]bool{
	"producer_byte_rate": true, "consumer_byte_rate": true, "request_percentage": false, "controller_mutation_rate": false,
}

// handleDescribeQuotas answers DescribeClientQuotas (48). Version 1 is flexible.
// Source: AdminManager.describeClientQuotas.
func (a *Admin) handleDescribeQuotas(r *wire.Request) {
	req := kmsg.NewPtrDescribeClientQuotasRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.DescribeClientQuotasResponse)
		filter, err := quotaFilterOf(req)
		if resp.ErrorCode, resp.ErrorMessage = told(err); err == nil {
			resp.Entries = filter.entries(a.fresh(ctx))
		}
		return resp
	})
}

// quotaFilter says which entities are asked for; a nil part was not mentioned.
type quotaFilter struct {
	user, client *quotaMatch
	strict       bool
}

// quotaMatch is a wish for the name of a user or client: one of any name, or that one.
type quotaMatch struct {
	any  bool
	name string
}

func quotaFilterOf(req *kmsg.DescribeClientQuotasRequest) (quotaFilter, error) {
	f := quotaFilter{strict: req.Strict}
	for _, c := range req.Components {
		var part **quotaMatch
		switch c.EntityType {
		case quotaUser:
			part = &f.user
		case quotaClient:
			part = &f.client
		case "":
			return f, refuse(kproto.InvalidRequest, "Unexpected empty filter component entity type")
		default:
			return f, refuse(kproto.UnsupportedVersion, "Custom entity type '%s' not supported", c.EntityType)
		}
		if *part != nil {
			return f, refuse(kproto.InvalidRequest, "Duplicate %s filter component entity type", c.EntityType)
		}
		switch {
		case c.MatchType == kmsg.QuotasMatchTypeAny:
			*part = &quotaMatch{any: true}
		case c.MatchType == kmsg.QuotasMatchTypeDefault:
			*part = &quotaMatch{name: kzk.DefaultEntity}
		case c.MatchType == kmsg.QuotasMatchTypeExact && c.Match != nil:
			*part = &quotaMatch{name: *c.Match}
		default:
			return f, refuse(kproto.InvalidRequest, "Unexpected match type %d of a filter component", c.MatchType)
		}
	}
	return f, nil
}

// takes says whether a name, "" for none, is what is asked for.
func (f quotaFilter) takes(m *quotaMatch, name string) bool {
	if m == nil {
		return name == "" || !f.strict
	}
	return name != "" && (m.any || m.name == name)
}

// entries are the entities with quotas that the filter takes, by name.
func (f quotaFilter) entries(img *kzk.Image) []kmsg.DescribeClientQuotasResponseEntry {
	all := []kmsg.DescribeClientQuotasResponseEntry{}
	for _, key := range slices.Sorted(maps.Keys(img.Configs)) {
		e, err := kzk.ParseEntity(key)
		if err != nil || e.Type != kzk.UserEntity && e.Type != kzk.ClientEntity {
			continue
		}
		user, client := e.Name, e.Client
		if e.Type == kzk.ClientEntity {
			user, client = "", e.Name
		}
		values := quotaValues(img.Configs[key])
		if len(values) == 0 || !f.takes(f.user, user) || !f.takes(f.client, client) {
			continue
		}
		entry := kmsg.NewDescribeClientQuotasResponseEntry()
		entry.Values = values
		for _, part := range []struct{ kind, name string }{{quotaUser, user}, {quotaClient, client}} {
			if part.name != "" {
				c := kmsg.NewDescribeClientQuotasResponseEntryEntity()
				c.Type, c.Name = part.kind, nullable(part.name, part.name == kzk.DefaultEntity)
				entry.Entity = append(entry.Entity, c)
			}
		}
		all = append(all, entry)
	}
	return all
}

func quotaValues(config map[string]string) []kmsg.DescribeClientQuotasResponseEntryValue {
	var values []kmsg.DescribeClientQuotasResponseEntryValue
	for _, key := range slices.Sorted(maps.Keys(config)) {
		if _, ok := quotaKeys[key]; !ok {
			continue // a user's credentials stand beside them
		}
		if number, err := strconv.ParseFloat(config[key], 64); err == nil {
			v := kmsg.NewDescribeClientQuotasResponseEntryValue()
			v.Key, v.Value = key, number
			values = append(values, v)
		}
	}
	return values
}

// handleAlterQuotas answers AlterClientQuotas (49). Version 1 is flexible.
// Source: AdminManager.alterClientQuotas.
func (a *Admin) handleAlterQuotas(r *wire.Request) {
	req := kmsg.NewPtrAlterClientQuotasRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response {
		ctx, cancel := a.requestTimeout(ctx)
		defer cancel()
		resp := req.ResponseKind().(*kmsg.AlterClientQuotasResponse)
		for _, entry := range req.Entries {
			answer := kmsg.NewAlterClientQuotasResponseEntry()
			for _, c := range entry.Entity {
				e := kmsg.NewAlterClientQuotasResponseEntryEntity()
				e.Type, e.Name = c.Type, c.Name
				answer.Entity = append(answer.Entity, e)
			}
			answer.ErrorCode, answer.ErrorMessage = told(a.alterQuota(ctx, entry, req.ValidateOnly))
			resp.Entries = append(resp.Entries, answer)
		}
		return resp
	})
}

func (a *Admin) alterQuota(ctx context.Context, entry kmsg.AlterClientQuotasRequestEntry, validateOnly bool) error {
	entity, err := quotaEntity(entry.Entity)
	if err != nil {
		return err
	}
	change := func(config map[string]string) (map[string]string, error) {
		for _, op := range entry.Ops {
			if err := alterQuotaKey(config, op); err != nil {
				return nil, err
			}
		}
		return config, nil
	}
	if validateOnly {
		_, err := change(map[string]string{})
		return err
	}
	return a.setConfig(ctx, entity, change)
}

func quotaEntity(parts []kmsg.AlterClientQuotasRequestEntryEntity) (kzk.Entity, error) {
	if len(parts) == 0 {
		return kzk.Entity{}, refuse(kproto.InvalidRequest, "Invalid empty client quota entity")
	}
	names := map[string]string{}
	for _, p := range parts {
		name := kzk.DefaultEntity
		if p.Name != nil {
			name = *p.Name
		}
		_, twice := names[p.Type]
		switch {
		case twice:
			return kzk.Entity{}, refuse(kproto.InvalidRequest, "Duplicate entity type %s", p.Type)
		case p.Type != quotaUser && p.Type != quotaClient:
			return kzk.Entity{}, refuse(kproto.InvalidRequest, "Unhandled client quota entity type: %s", p.Type)
		case name == "":
			return kzk.Entity{}, refuse(kproto.InvalidRequest, "Empty %s not supported", p.Type)
		}
		names[p.Type] = name
	}
	if user, ok := names[quotaUser]; ok {
		return kzk.Entity{Type: kzk.UserEntity, Name: user, Client: names[quotaClient]}, nil
	}
	return kzk.Entity{Type: kzk.ClientEntity, Name: names[quotaClient]}, nil
}

func alterQuotaKey(config map[string]string, op kmsg.AlterClientQuotasRequestEntryOp) error {
	whole, known := quotaKeys[op.Key]
	if !known {
		return refuse(kproto.InvalidRequest, "Invalid configuration key %s", op.Key)
	}
	if op.Remove {
		delete(config, op.Key)
		return nil
	}
	const epsilon = 1e-6
	switch n := math.Floor(op.Value + epsilon); {
	case math.IsNaN(op.Value) || math.IsInf(op.Value, 0):
		return refuse(kproto.InvalidRequest, "Configuration %s must be a number", op.Key)
	case whole && (math.Abs(n-op.Value) > epsilon || math.Abs(n) >= math.MaxInt64):
		return refuse(kproto.InvalidRequest, "Configuration %s must be a Long value", op.Key)
	case whole:
		config[op.Key] = strconv.FormatInt(int64(n), 10)
	default:
		config[op.Key] = kproto.JavaDouble(op.Value)
	}
	return nil
}
