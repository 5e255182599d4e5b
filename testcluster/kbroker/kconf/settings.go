package kconf

import "strconv"

// settings are a broker's values in layers, the most specific first; below the last are Kafka's defaults.
type settings []map[string]string

// lookup finds a broker's value and the name it stands under, which is another than asked for where the value is given
// in another unit. What is not valid is passed over: what was set while a broker runs is checked by whoever sets it.
func (s settings) lookup(name string) (key Key, value string, ok bool) {
	t := brokerTable()
	for _, synonym := range synonyms(name) {
		k := t.byName[synonym]
		for _, layer := range s {
			if value, set := layer[synonym]; set && k.Check(value) == nil {
				return k, k.Canonical(value), true
			}
		}
	}
	for _, synonym := range synonyms(name) {
		if k := t.byName[synonym]; k.HasDefault {
			return k, k.Default, true
		}
	}
	return t.byName[name], "", false
}

// text is a value as it is, empty where there is none.
func (s settings) text(name string) string {
	_, value, _ := s.lookup(name)
	return value
}

func (s settings) bool(name string) bool { return s.text(name) == "true" }

// long is a number; milliseconds where the value may be given in several units. 0 is none.
func (s settings) long(name string) int64 {
	key, value, ok := s.lookup(name)
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(value, 10, 64) // valid, or a default
	if unit, other := inMs[key.Name]; other {
		n *= unit
	}
	if name == "log.retention.ms" {
		n = max(n, -1) // any negative number is no bound
	}
	return n
}

func (s settings) int(name string) int     { return int(s.long(name)) }
func (s settings) int32(name string) int32 { return int32(s.long(name)) }
func (s settings) int16(name string) int16 { return int16(s.long(name)) }
