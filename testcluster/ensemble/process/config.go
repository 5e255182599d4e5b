package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// defaultTick keeps times short on a machine where all nodes are near: a leader that has
// gone is missed after syncLimit of them, and sessions last for a second at least.
const defaultTick = 500 * time.Millisecond

// writeConfig writes a node's zoo.cfg and myid. Of a zoo.cfg that is there only the lines
// are changed that follow from the ensemble: where the data are, and who the members are.
// That of a new ensemble is written afresh, whatever another has left there.
func (c *Cluster) writeConfig(s *state, n *node, o *Options) error {
	folder := c.folder(n.ID)
	data := filepath.Join(folder, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, "zoo.cfg")
	old, err := os.ReadFile(path)
	switch {
	case s.fresh, errors.Is(err, fs.ErrNotExist):
		old = []byte(template(s, o))
	case err != nil:
		return err
	}
	text := withLines(string(old), append([][2]string{{"dataDir", escape(data)}}, members(s)...))
	if err := replace(path, []byte(text)); err != nil {
		return err
	}
	if err := replace(filepath.Join(data, "myid"), []byte(strconv.Itoa(n.ID)+"\n")); err != nil || n.Broker == 0 {
		return err
	}
	return c.writeBrokerConfig(s, n, o)
}

// writeBrokerConfig writes a node's server.properties in the same way.
func (c *Cluster) writeBrokerConfig(s *state, n *node, o *Options) error {
	path := filepath.Join(c.folder(n.ID), brokerFile)
	old, err := os.ReadFile(path)
	switch {
	case s.fresh, errors.Is(err, fs.ErrNotExist):
		head := "# The broker of a node that zoka cluster has made. Edit it while the node is down."
		old = []byte(strings.Join(slices.Concat([]string{head}, ensemble.BrokerDefaults(len(s.Nodes)), o.BrokerSettings), "\n") + "\n")
	case err != nil:
		return err
	}
	var fixed [][2]string
	for _, line := range ensemble.BrokerLines(n.ID, n.broker(), s.connect(), escape(filepath.Join(c.folder(n.ID), "kafka-logs"))) {
		key, value, _ := strings.Cut(line, "=")
		fixed = append(fixed, [2]string{key, value})
	}
	return replace(path, []byte(withLines(string(old), fixed)))
}

// brokerFile is a broker's configuration in the node's folder.
const brokerFile = "server.properties"

// replace writes a file in one step: who writes it may be killed at any moment, and nobody
// may find a half.
func replace(path string, text []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// template is the rest of a new zoo.cfg.
func template(s *state, o *Options) string {
	tick := o.TickTime
	if tick == 0 {
		tick = defaultTick
	}
	lines := []string{
		"# A node of an ensemble that zoka cluster has made. Edit it while the node is down.",
		fmt.Sprintf("tickTime=%d", tick.Milliseconds()),
		"initLimit=20",
		"syncLimit=5",
		"maxSessionTimeout=" + strconv.FormatInt(max(20*tick, 40*time.Second).Milliseconds(), 10),
		"maxClientCnxns=0",
		"preAllocSize=1024",
		"extendedTypesEnabled=true",
		"admin.enableServer=false",
		"4lw.commands.whitelist=*",
	}
	if s.Temporary {
		lines = append(lines, "forceSync=no")
	}
	return strings.Join(append(lines, o.Settings...), "\n") + "\n"
}

// members are the lines that all nodes have in common.
func members(s *state) [][2]string {
	var lines [][2]string
	for _, n := range s.Nodes {
		role := "participant"
		if n.Observer {
			role = "observer"
		}
		lines = append(lines, [2]string{"server." + strconv.Itoa(n.ID),
			fmt.Sprintf("127.0.0.1:%d:%d:%s;127.0.0.1:%d", n.Quorum, n.Election, role, n.Client)})
	}
	return lines
}

// withLines returns a text of key=value lines in which some keys have these values. New ones
// go to the end. Servers that are not among them go.
func withLines(text string, values [][2]string) string {
	var b strings.Builder
	missing := slices.Clone(values)
	for line := range strings.Lines(text) {
		key := strings.TrimLeft(line, " \t")
		if end := strings.IndexAny(key, "=: \t\n"); end >= 0 {
			key = key[:end]
		}
		at := slices.IndexFunc(missing, func(v [2]string) bool { return v[0] == key })
		switch {
		case at >= 0:
			b.WriteString(key + "=" + missing[at][1] + "\n")
			missing = slices.Delete(missing, at, at+1)
		case !strings.HasPrefix(key, "server."):
			b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	for _, v := range missing {
		b.WriteString(v[0] + "=" + v[1] + "\n")
	}
	return b.String()
}

// escape writes a value as java.util.Properties reads it back, which takes a file for ISO-8859-1.
func escape(value string) string {
	var b strings.Builder
	for i, r := range value {
		switch {
		case r == '\\' || r == ' ' && i == 0:
			b.WriteString(`\` + string(r))
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
	}
	return b.String()
}
