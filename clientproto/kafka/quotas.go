package kafka

import (
	"context"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Quotas are the limits of exactly one entity, or with a part of the name "" those of all that have a part of this type.
// There is none for an entity without limits.
func (c *Client) Quotas(ctx context.Context, entity []kmodel.QuotaPart) ([]kmodel.Quota, error) {
	req := kmsg.NewPtrDescribeClientQuotasRequest()
	req.Strict = true
	for _, part := range entity {
		component := kmsg.DescribeClientQuotasRequestComponent{EntityType: part.Type}
		switch {
		case part.Name == nil:
			component.MatchType = kmsg.QuotasMatchTypeDefault
		case *part.Name == "":
			component.MatchType, req.Strict = kmsg.QuotasMatchTypeAny, false
		default:
			component.MatchType, component.Match = kmsg.QuotasMatchTypeExact, part.Name
		}
		req.Components = append(req.Components, component)
	}
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	if err := codeError(resp.ErrorCode, resp.ErrorMessage); err != nil {
		return nil, err
	}
	quotas := []kmodel.Quota{}
	for _, entry := range resp.Entries {
		q := kmodel.Quota{Values: map[string]float64{}}
		for _, part := range entry.Entity {
			q.Entity = append(q.Entity, kmodel.QuotaPart{Type: part.Type, Name: part.Name})
		}
		slices.SortFunc(q.Entity, func(a, b kmodel.QuotaPart) int { return strings.Compare(b.Type, a.Type) }) // user before client-id
		for _, v := range entry.Values {
			q.Values[v.Key] = v.Value
		}
		quotas = append(quotas, q)
	}
	slices.SortFunc(quotas, func(a, b kmodel.Quota) int { return strings.Compare(quotaName(a), quotaName(b)) })
	return quotas, nil
}

// quotaName orders quotas, defaults first.
func quotaName(q kmodel.Quota) string {
	var b strings.Builder
	for _, part := range q.Entity {
		b.WriteString(part.Type + "\x00")
		if part.Name != nil {
			b.WriteString("\x01" + *part.Name)
		}
	}
	return b.String()
}

// AlterQuotas changes limits of one entity: those with a value are set, those without are removed.
func (c *Client) AlterQuotas(ctx context.Context, entity []kmodel.QuotaPart, changes map[string]*float64, validateOnly bool) error {
	entry := kmsg.NewAlterClientQuotasRequestEntry()
	for _, part := range entity {
		entry.Entity = append(entry.Entity, kmsg.AlterClientQuotasRequestEntryEntity{Type: part.Type, Name: part.Name})
	}
	for key, value := range changes {
		op := kmsg.AlterClientQuotasRequestEntryOp{Key: key, Remove: value == nil}
		if value != nil {
			op.Value = *value
		}
		entry.Ops = append(entry.Ops, op)
	}
	req := kmsg.NewPtrAlterClientQuotasRequest()
	req.Entries, req.ValidateOnly = append(req.Entries, entry), validateOnly
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return c.failure(ctx, err)
	}
	for _, e := range resp.Entries {
		if err := codeError(e.ErrorCode, e.ErrorMessage); err != nil {
			return err
		}
	}
	return nil
}
