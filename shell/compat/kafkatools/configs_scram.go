package kafkatools

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// alterUsers changes what belongs to users and clients: their limits, and the credentials of one user.
func (c *call) alterUsers(ctx context.Context, kafka Cluster, list []entity) error {
	values, err := c.additions()
	if err != nil {
		return err
	}
	added, deleted := slices.Sorted(maps.Keys(values)), c.deletions()
	if len(list) > 1 || list[0].kind != "users" {
		kind := list[0].kind
		if len(list) > 1 {
			kind = "clients"
		}
		if err := onlyKnown(kind, "quota", isQuota, added, deleted); err != nil {
			return err
		}
		return c.alterQuotas(ctx, kafka, list, values)
	}
	isScram := func(key string) bool { _, scram := kmodel.ParseScramMechanism(key); return scram }
	known := func(key string) bool { return isQuota(key) || isScram(key) }
	if err := onlyKnown("users", "quota and SCRAM credential", known, added, deleted); err != nil {
		return err
	}
	keys := slices.Concat(added, deleted)
	switch {
	case !slices.ContainsFunc(keys, isScram):
		return c.alterQuotas(ctx, kafka, list, values)
	case list[0].fallback:
		return refuse("The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.")
	case slices.ContainsFunc(keys, isQuota):
		return refuse("Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.")
	}
	return c.alterScram(ctx, kafka, list[0], values, deleted)
}

// onlyKnown refuses keys that are of no use to an entity.
func onlyKnown(kind, what string, known func(string) bool, added, deleted []string) error {
	for i, keys := range [][]string{added, deleted} {
		if others := slices.DeleteFunc(slices.Clone(keys), known); len(others) > 0 {
			return refuse("Only %s configs can be %s for '%s' using --bootstrap-server. Unexpected config names: %s",
				what, []string{"added", "deleted"}[i], kind, strings.Join(others, ", "))
		}
	}
	return nil
}

// scramForm is what stands in the brackets of SCRAM-SHA-256=[…].
var scramForm = regexp.MustCompile(`^(?:iterations=(-?[0-9]*),)?password=(.*)$`)

func (c *call) alterScram(ctx context.Context, kafka Cluster, e entity, values map[string]string, deleted []string) error {
	var set []kmodel.ScramPassword
	for _, key := range slices.Sorted(maps.Keys(values)) {
		mechanism, _ := kmodel.ParseScramMechanism(key)
		m := scramForm.FindStringSubmatch(values[key])
		if m == nil {
			return refuse("Invalid credential property %s=%s", strings.ReplaceAll(key, "-", "_"), values[key])
		}
		s := kmodel.ScramPassword{Scram: kmodel.Scram{User: e.name, Mechanism: mechanism, Iterations: kmodel.LeastScramIterations}, Password: m[2]}
		if m[1] != "" && m[1] != "-1" {
			n, err := strconv.ParseInt(m[1], 10, 32)
			if err != nil {
				return refuse("For input string: \"%s\"", m[1])
			}
			s.Iterations = int32(n)
		}
		if s.Iterations < kmodel.LeastScramIterations {
			return refuse("Iterations %d is less than the minimum %d required for %s", s.Iterations, kmodel.LeastScramIterations, key)
		}
		set = append(set, s)
	}
	var remove []kmodel.Scram
	for _, key := range deleted {
		mechanism, _ := kmodel.ParseScramMechanism(key)
		remove = append(remove, kmodel.Scram{User: e.name, Mechanism: mechanism})
	}
	if err := kafka.AlterScram(ctx, set, remove); err != nil {
		return err
	}
	c.completed(e)
	return nil
}

// describeScram shows the credentials of a user, or of all.
func (c *call) describeScram(ctx context.Context, kafka Cluster, e entity) error {
	var users []string
	if e.named {
		users = append(users, e.name)
	}
	found, err := kafka.Scram(ctx, users...)
	if err != nil {
		return err
	}
	texts := map[string][]string{}
	for _, s := range found {
		texts[s.User] = append(texts[s.User], fmt.Sprintf("%s=iterations=%d", s.Mechanism, s.Iterations))
	}
	for _, user := range slices.Sorted(maps.Keys(texts)) {
		c.printf("SCRAM credential configs for user-principal '%s' are %s\n", user, strings.Join(texts[user], ", "))
	}
	return nil
}
