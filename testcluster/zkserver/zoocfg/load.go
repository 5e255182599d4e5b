package zoocfg

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// loader collects the warnings of one file.
type loader struct {
	c        *Config
	warnings []Warning
	tables   []table // of keys of zoo.cfg
	bare     table
}

func newLoader() *loader {
	return &loader{c: defaults(), tables: []table{fileKeys(), propertyKeys()}, bare: bareProperties()}
}

// Load reads a zoo.cfg. Overrides are the -DName=Value of a command line: zookeeper.KEY for any key of the file, or a
// property without that prefix, such as readonlymode.enabled; they win over the file. The error is an *Error.
func Load(path string, overrides []Property) (*Config, []Warning, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		if cause := (*os.PathError)(nil); errors.As(err, &cause) {
			return nil, nil, &Error{Origin: Origin{File: path}, Reason: cause.Err.Error(), Err: err}
		}
		return nil, nil, &Error{Origin: Origin{File: path}, Reason: err.Error(), Err: err}
	}
	return Parse(path, string(bytes), overrides)
}

// Parse is Load for a text that has been read. It still reads the files that the text names: the dynamic
// configuration and myid.
func Parse(path, text string, overrides []Property) (*Config, []Warning, error) {
	l := newLoader()
	l.c.File, l.c.Text = path, text
	entries, err := parseProperties(path, text)
	if err != nil {
		return nil, nil, err
	}
	if err := l.apply(entries, overrides); err != nil {
		return nil, l.warnings, err
	}
	return l.c, l.warnings, nil
}

// Args is the configuration of ZooKeeperServerMain's other form: clientPort dataDir [tickTime [maxClientCnxns]].
func Args(args []string, overrides []Property) (*Config, []Warning, error) {
	if len(args) < 2 || len(args) > 4 {
		return nil, nil, &Error{Origin: Origin{File: "command line"}, Reason: "want clientPort dataDir [tickTime [maxClientCnxns]]"}
	}
	var entries []entry
	for i, name := range []string{"clientPort", "dataDir", "tickTime", "maxClientCnxns"}[:len(args)] {
		entries = append(entries, entry{name, args[i], Origin{File: "command line"}})
	}
	l := newLoader()
	l.c.File = "command line"
	if err := l.apply(entries, overrides); err != nil {
		return nil, l.warnings, err
	}
	return l.c, l.warnings, nil
}

func (l *loader) apply(entries []entry, overrides []Property) error {
	l.repeats(entries)
	members := 0
	for _, e := range entries {
		if isMember(e.key) {
			members++
		}
		if err := l.file(e); err != nil {
			return err
		}
	}
	for _, p := range overrides {
		if err := l.override(p); err != nil {
			return err
		}
	}
	if l.c.Ensemble.DynamicFile != "" {
		if members > 0 {
			return l.c.fail("dynamicConfigFile", "the server lines must be in that file, not in this one")
		}
		if err := l.dynamicFile(); err != nil {
			return err
		}
	}
	return l.finish()
}

// repeats warns of keys that stand there twice: the last one counts.
func (l *loader) repeats(entries []entry) {
	last := map[string]int{}
	for i, e := range entries {
		last[e.key] = i
	}
	for i, e := range entries {
		if j := last[e.key]; j != i {
			l.warn(e.origin, e.key, fmt.Sprintf("is set again in line %d, which counts", entries[j].origin.Line))
		}
	}
}

// file applies one line of zoo.cfg.
func (l *loader) file(e entry) error {
	if isMember(e.key) {
		l.c.origins[e.key] = e.origin
		return l.c.Ensemble.setMember(e)
	}
	if _, bare := l.bare[e.key]; bare {
		l.property("zookeeper."+e.key, e.value)
		l.warn(e.origin, e.key, "has no effect in a file: ZooKeeper reads it from -D"+e.key+" alone")
		return nil
	}
	return l.keyed(e)
}

// keyed applies a key of the tables, from the file or from an override.
func (l *loader) keyed(e entry) error {
	k, known := lookup(l.tables, e.key)
	if _, ofFile := l.tables[0][e.key]; !ofFile {
		l.property("zookeeper."+e.key, e.value)
	}
	if !known {
		l.warn(e.origin, e.key, "unknown key"+l.suggestion(e.key)+", kept as the property zookeeper."+e.key)
		return nil
	}
	return l.set(k, e)
}

func (l *loader) set(k key, e entry) error {
	if err := k.set(l.c, e.value); err != nil {
		return &Error{Origin: e.origin, Key: e.key, Reason: err.Error()}
	}
	l.c.origins[e.key] = e.origin
	if k.class == ignored {
		l.warn(e.origin, e.key, "has no effect: "+k.note)
	}
	return nil
}

// override applies one -DName=Value.
func (l *loader) override(p Property) error {
	e := entry{p.Name, p.Value, Origin{File: "-D" + p.Name}}
	if k, bare := l.bare[p.Name]; bare {
		l.property(p.Name, p.Value)
		return l.set(k, e)
	}
	name, ours := strings.CutPrefix(p.Name, "zookeeper.")
	if !ours || isMember(name) {
		l.warn(e.origin, p.Name, "is no setting of a ZooKeeper server")
		return nil
	}
	e.key = name
	if before, set := l.c.origins[name]; set {
		l.warn(e.origin, name, "replaces "+before.String())
	}
	return l.keyed(e)
}

// property remembers a system property; one that is there already gets the new value.
func (l *loader) property(name, value string) {
	for i := range l.c.Properties {
		if l.c.Properties[i].Name == name {
			l.c.Properties[i].Value = value
			return
		}
	}
	l.c.Properties = append(l.c.Properties, Property{name, value})
}

// dynamicFile reads the server lines of dynamicConfigFile.
func (l *loader) dynamicFile() error {
	path := l.c.Ensemble.DynamicFile
	bytes, err := os.ReadFile(path)
	if err != nil {
		return &Error{Origin: l.c.origins["dynamicConfigFile"], Key: "dynamicConfigFile", Reason: err.Error(), Err: err}
	}
	entries, err := parseProperties(path, string(bytes))
	if err != nil {
		return err
	}
	l.repeats(entries)
	for _, e := range entries {
		switch {
		case isMember(e.key):
			err = l.c.Ensemble.setMember(e)
		case e.key != "version":
			err = &Error{Origin: e.origin, Key: e.key, Reason: "does not belong here: only server, group and weight lines do"}
		}
		if err != nil {
			return err
		}
		l.c.origins[e.key] = e.origin
	}
	return nil
}

func (l *loader) warn(o Origin, key, text string) {
	l.warnings = append(l.warnings, Warning{Origin: o, Key: key, Text: text})
}

// fail is an error about a key: at the line that set it, else at the file.
func (c *Config) fail(key, reason string) error {
	return &Error{Origin: c.Origin(key), Key: key, Reason: reason}
}
