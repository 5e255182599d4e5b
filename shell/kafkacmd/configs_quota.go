package kafkacmd

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Quotas is the result of configs describe of users, clients and addresses.
type Quotas []kmodel.Quota

// View is a table.
func (q Quotas) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "of"}, {Name: "key"}, {Name: "value", Right: true}}}
	for _, quota := range q {
		for _, key := range sortedKeys(quota.Values) {
			t.Rows = append(t.Rows, []render.Cell{{Text: entityText(quota.Entity), Role: theme.Path}, {Text: key, Role: theme.Key},
				{Text: decimal(quota.Values[key]), Role: theme.Value}})
		}
	}
	return t
}

// QuotasChanged is the result of configs set and configs delete of users, clients and addresses.
type QuotasChanged struct {
	Entity []kmodel.QuotaPart  `json:"entity"`
	Values map[string]*float64 `json:"values"` // null: removed
	DryRun bool                `json:"dry_run,omitempty"`
}

// View is a line for each key.
func (q QuotasChanged) View() render.View {
	var lines []string
	for _, key := range sortedKeys(q.Values) {
		line := entityText(q.Entity) + ": "
		if value := q.Values[key]; value != nil {
			line += key + "=" + decimal(*value)
		} else {
			line += "no " + key
		}
		if q.DryRun {
			line = "would change " + line
		}
		lines = append(lines, line)
	}
	return render.Text{Lines: lines}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// quotaTypes are whom a quota can be for, as it is typed and as Kafka calls it.
var quotaTypes = map[string]string{"user": "user", "client": "client-id", "ip": "ip"}

// quotaKeys are the limits of Kafka 2.7, and of addresses since 2.8.
var quotaKeys = []string{"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate", "connection_creation_rate"}

// isQuota tells that arguments are about a quota.
func isQuota(args []lex.Word) bool { return quotaTypes[args[0].Text] != "" }

func entityText(entity []kmodel.QuotaPart) string {
	var parts []string
	for _, p := range entity {
		name := "default"
		if p.Name != nil {
			name = *p.Name
		}
		parts = append(parts, strings.TrimSuffix(p.Type, "-id")+" "+name)
	}
	return strings.Join(parts, " ")
}

// parseEntity reads user NAME, client NAME, user NAME client NAME or ip ADDRESS, and returns the words behind it. A
// name that is left out is any: "".
func parseEntity(args []lex.Word) (entity []kmodel.QuotaPart, rest []lex.Word, err error) {
	for len(args) > 0 && isQuota(args) {
		part := kmodel.QuotaPart{Type: quotaTypes[args[0].Text], Name: new(string)}
		if slices.ContainsFunc(entity, func(p kmodel.QuotaPart) bool { return p.Type == part.Type }) {
			return nil, nil, command.Usagef("%s stands there twice", args[0].Text)
		}
		if len(args) > 1 {
			part.Name = &args[1].Text
			if args[1].Text == "default" && !args[1].Quoted {
				part.Name = nil
			}
		}
		entity, args = append(entity, part), args[min(2, len(args)):]
	}
	if len(entity) > 1 && slices.ContainsFunc(entity, func(p kmodel.QuotaPart) bool { return p.Type == "ip" }) {
		return nil, nil, command.Usagef("a quota of an address is of nobody else")
	}
	return entity, args, nil
}

func describeQuotas(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
	entity, keys, err := parseEntity(args)
	if err != nil {
		return nil, err
	}
	wanted := texts(keys)
	if err := checkQuotaKeys(wanted); err != nil {
		return nil, err
	}
	kafka, err := env.Kafka(ctx)
	if err != nil {
		return nil, err
	}
	found, err := kafka.Quotas(ctx, entity)
	if err != nil {
		return nil, err
	}
	if len(wanted) > 0 {
		for _, q := range found {
			maps.DeleteFunc(q.Values, func(key string, _ float64) bool { return !slices.Contains(wanted, key) })
		}
	}
	return Quotas(found), nil
}

// setQuotas reads KEY=VALUE behind the entity, or with remove only KEY.
func setQuotas(ctx context.Context, env *command.Env, args []lex.Word, remove, dryRun bool) (render.Result, error) {
	entity, rest, err := parseEntity(args)
	if err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		return nil, command.Usagef("missing KEY")
	}
	changes := map[string]*float64{}
	for _, w := range rest {
		if remove {
			changes[w.Text] = nil
			continue
		}
		change, err := parseChange(w.Text)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(change.Name, "SCRAM-") {
			return nil, command.Usagef("%s: `users set USER` sets a password", change.Name)
		}
		value, err := strconv.ParseFloat(change.Value, 64)
		if err != nil || change.Op != kmodel.SetConfig {
			return nil, command.Usagef("%s: a limit is a number: KEY=NUMBER", lex.Quote(w.Text))
		}
		changes[change.Name] = &value
	}
	if err := checkQuotaKeys(sortedKeys(changes)); err != nil {
		return nil, err
	}
	kafka, err := env.Kafka(ctx)
	if err != nil {
		return nil, err
	}
	if err := kafka.AlterQuotas(ctx, entity, changes, dryRun); err != nil {
		return nil, command.At(entityText(entity), err)
	}
	if !dryRun {
		settleQuotas(ctx, kafka, entity, changes)
	}
	return QuotasChanged{entity, changes, dryRun}, nil
}

func checkQuotaKeys(keys []string) error {
	for _, key := range keys {
		if !slices.Contains(quotaKeys, key) {
			return command.NotFound("quota", key, quotaKeys)
		}
	}
	return nil
}

// settleQuotas waits until a broker answers with changes that were made.
func settleQuotas(ctx context.Context, kafka command.Kafka, entity []kmodel.QuotaPart, changes map[string]*float64) {
	settle(ctx, func(ctx context.Context) (bool, error) {
		found, err := kafka.Quotas(ctx, entity)
		if err != nil {
			return false, err
		}
		now := map[string]float64{}
		if len(found) > 0 {
			now = found[0].Values
		}
		for key, value := range changes {
			if is, set := now[key]; set != (value != nil) || set && is != *value {
				return false, nil
			}
		}
		return true, nil
	})
}
