package kconf

import (
	"maps"
	"slices"
)

// Source is where a value comes from; the numbers are those of DescribeConfigs.
type Source int8

// The sources of Kafka's DescribeConfigsResponse.
const (
	FromTopic         Source = 1
	FromDynamicBroker Source = 2
	FromDynamicAll    Source = 3
	FromFile          Source = 4
	FromDefault       Source = 5
)

// Entry is one value as DescribeConfigs answers it.
type Entry struct {
	Key Key
	// Value is the value in effect. Null is set where there is none, and for a secret.
	Value string
	Null  bool
	// ReadOnly is set where the value cannot change while the broker runs.
	ReadOnly bool
	Source   Source
	// Synonyms are the values that could be in effect, the one that is first.
	Synonyms []Synonym
}

// Synonym is a value with the name and the place where it was set.
type Synonym struct {
	Name, Value string
	Null        bool
	Source      Source
}

// DescribeTopic is every key of a topic by name; the arguments are those of [Broker.Topic].
func (b *Broker) DescribeTopic(overrides map[string]string, dynamic ...map[string]string) []Entry {
	s := topicSettings{own: overrides, broker: b.layers(dynamic)}
	entries := make([]Entry, 0, len(Topics()))
	for _, k := range Topics() {
		e := Entry{Key: k, Value: s.text(k.Name), Source: FromDefault}
		if value, set := overrides[k.Name]; set {
			e.Synonyms = append(e.Synonyms, Synonym{Name: k.Name, Value: value, Source: FromTopic})
		}
		if _, known := brokerTable().byName[k.Broker]; known {
			e.Synonyms = append(e.Synonyms, b.synonyms(k.Broker, dynamic)...)
		}
		if len(e.Synonyms) > 0 {
			e.Source = e.Synonyms[0].Source
		}
		entries = append(entries, e)
	}
	return entries
}

// DescribeBroker is every key of this broker by name. Dynamic is what was set while it runs: for it, then for all.
func (b *Broker) DescribeBroker(dynamic ...map[string]string) []Entry {
	s := b.layers(dynamic)
	entries := make([]Entry, 0, len(Brokers()))
	for _, k := range Brokers() {
		e := Entry{Key: k, ReadOnly: k.Mode == ReadOnly, Source: FromDefault, Synonyms: b.synonyms(k.Name, dynamic)}
		e.Value, e.Null = s.own(k)
		if len(e.Synonyms) > 0 {
			e.Source = e.Synonyms[0].Source
		}
		entries = append(entries, e)
	}
	return entries
}

// DescribeAll is what was set for all brokers while they run, by name.
func DescribeAll(dynamic map[string]string) []Entry {
	var entries []Entry
	for _, name := range sortedKeys(dynamic) {
		k, known := brokerTable().byName[name]
		if !known {
			continue
		}
		e := Entry{Key: k, Value: dynamic[name], Null: k.Sensitive(), ReadOnly: k.Mode == ReadOnly, Source: FromDynamicAll}
		e.Synonyms = []Synonym{{Name: name, Value: hide(k, e.Value), Null: e.Null, Source: FromDynamicAll}}
		e.Value = hide(k, e.Value)
		entries = append(entries, e)
	}
	return entries
}

// own is a broker's value under its own name, without alternatives. What is set while the broker runs takes the file's
// alternatives of it away: then log.retention.hours is the default again.
func (s settings) own(k Key) (value string, isNull bool) {
	if k.Sensitive() {
		return "", true
	}
	for i, layer := range s {
		if value, set := layer[k.Name]; set && k.Check(value) == nil {
			return k.Canonical(value), false
		}
		if i < len(s)-1 && replaced(layer, k.Name) {
			break
		}
	}
	return k.Default, !k.HasDefault
}

// replaced tells whether a layer sets an alternative of the key.
func replaced(layer map[string]string, name string) bool {
	for _, group := range alternatives {
		if slices.Contains(group, name) {
			return slices.ContainsFunc(group, func(n string) bool { _, set := layer[n]; return set })
		}
	}
	return false
}

// synonyms are the values of a broker's key and its alternatives, in the order of DynamicBrokerConfig: by place first,
// by name then. What stands before the first value under the key's own name is left out, as Kafka does it.
func (b *Broker) synonyms(name string, dynamic []map[string]string) []Synonym {
	names := synonyms(name)
	var all []Synonym
	add := func(from Source, value func(Key) (string, bool)) {
		for _, n := range names {
			k := brokerTable().byName[n]
			if v, set := value(k); set {
				all = append(all, Synonym{Name: n, Value: hide(k, v), Null: k.Sensitive(), Source: from})
			}
		}
	}
	for i, layer := range dynamic {
		add(FromDynamicBroker+Source(min(i, 1)), func(k Key) (string, bool) { v, set := layer[k.Name]; return v, set })
	}
	add(FromFile, func(k Key) (string, bool) { v, set := b.Values[k.Name]; return v, set })
	add(FromDefault, func(k Key) (string, bool) { return k.Default, k.HasDefault })
	for i, s := range all {
		if s.Name == name {
			return all[i:]
		}
	}
	return nil
}

// hide leaves out a secret.
func hide(k Key, value string) string {
	if k.Sensitive() {
		return ""
	}
	return value
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
