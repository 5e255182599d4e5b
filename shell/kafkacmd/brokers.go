package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Brokers is the result of brokers.
type Brokers struct {
	Cluster string   `json:"cluster"` // its id
	Brokers []Broker `json:"brokers"`
}

// Broker is a live broker and what it has to do.
type Broker struct {
	ID         int32  `json:"id"`
	Address    string `json:"address"` // where it says that clients reach it
	Rack       string `json:"rack,omitempty"`
	Controller bool   `json:"controller"`
	Leads      int    `json:"leads"`    // partitions
	Replicas   int    `json:"replicas"` // partitions, those that it leads too
	OutOfSync  int    `json:"out_of_sync"`
	Bytes      *int64 `json:"bytes,omitempty"` // of its logs, with --disk
	Error      string `json:"error,omitempty"`
	Dirs       []Dir  `json:"dirs,omitempty"`
	// Silent is why the broker does not answer at its address, though the cluster has it among the live ones: it was
	// killed a moment ago, it is paused, or it cannot be reached from here.
	Silent string `json:"silent,omitempty"`
	err    error
}

// Dir is a folder of a broker's logs.
type Dir struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Logs  int    `json:"logs"`
	Error string `json:"error,omitempty"`
}

// View is a table.
func (b Brokers) View() render.View {
	t := render.Table{Columns: []render.Column{
		{Name: "id", Right: true}, {Name: "address"}, {Name: "rack"}, {Name: "role"},
		{Name: "leads", Right: true}, {Name: "replicas", Right: true}, {Name: "out of sync", Right: true},
	}}
	disk := false
	for _, row := range b.Brokers {
		disk = disk || row.Bytes != nil || row.Error != ""
	}
	if disk {
		t.Columns = append(t.Columns, render.Column{Name: "bytes", Right: true}, render.Column{Name: "dirs"})
	}
	for _, row := range b.Brokers {
		t.Rows = append(t.Rows, row.cells(disk))
	}
	return t
}

func (b Broker) cells(disk bool) []render.Cell {
	rack, role := "-", "-"
	if b.Rack != "" {
		rack = b.Rack
	}
	if b.Controller {
		role = "controller"
	}
	behind := render.Cell{Text: strconv.Itoa(b.OutOfSync)}
	if b.OutOfSync > 0 {
		behind.Role = theme.Warning
	}
	state := render.Cell{Text: role}
	if b.Silent != "" {
		state = render.Cell{Text: b.Silent, Role: theme.Error}
	}
	row := []render.Cell{
		{Text: itoa(int64(b.ID)), Role: theme.Key}, {Text: b.Address}, {Text: rack}, state,
		{Text: strconv.Itoa(b.Leads)}, {Text: strconv.Itoa(b.Replicas)}, behind,
	}
	switch {
	case !disk:
	case b.Error != "":
		row = append(row, render.Cell{Text: "-"}, render.Cell{Text: b.Error, Role: theme.Error})
	case b.Bytes != nil:
		paths := ""
		for i, d := range b.Dirs {
			if i > 0 {
				paths += " "
			}
			paths += d.Path
		}
		row = append(row, render.Cell{Text: itoa(*b.Bytes)}, render.Cell{Text: paths})
	}
	return row
}

var brokers = command.Spec{
	Name:  "brokers",
	Group: command.Cluster,
	Args:  []command.Arg{{Name: "ID", Kind: command.Broker, Optional: true, Repeat: true}},
	Short: "show the live brokers, and what each leads and keeps",
	Long: "Each is asked at its address whether it is there. Where one does not answer, the reason stands in the place of\n" +
		"its role: a cluster has a broker that was killed among the live ones until its session has ended.",
	Examples: []command.Example{
		{Line: "brokers", Means: "all of them"},
		{Line: "brokers --disk", Means: "and what their logs take"},
		{Line: "brokers 1", Means: "one of them"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		disk := fs.Bool("disk", false, "ask for the folders of the logs, and their size")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			cluster, err := kafka.Cluster(ctx)
			if err != nil {
				return nil, err
			}
			chosen, err := chooseBrokers(cluster.Brokers, args)
			if err != nil {
				return nil, err
			}
			topics, err := kafka.Topics(ctx)
			if err != nil {
				return nil, err
			}
			out := Brokers{Cluster: cluster.ID, Brokers: tasks(chosen, cluster.Controller, topics)}
			if err := out.addSilence(ctx, kafka, chosen); err != nil {
				return nil, err
			}
			if *disk {
				if err := out.addDisks(ctx, kafka); err != nil {
					return nil, err
				}
			}
			return out, out.complete()
		}
	},
}

// chooseBrokers are those of the ids, all if there is none.
func chooseBrokers(all []kmodel.Broker, ids []lex.Word) ([]kmodel.Broker, error) {
	if len(ids) == 0 {
		return all, nil
	}
	var chosen []kmodel.Broker
	var known []string
	for _, b := range all {
		known = append(known, itoa(int64(b.ID)))
	}
	for _, w := range ids {
		if _, err := strconv.ParseInt(w.Text, 10, 32); err != nil {
			return nil, command.Usagef("%s: a broker is a number; there are %s", lex.Quote(w.Text), shorten(known, 20))
		}
		found := false
		for _, b := range all {
			if itoa(int64(b.ID)) == w.Text {
				chosen, found = append(chosen, b), true
			}
		}
		if !found {
			return nil, command.NotFound("broker", w.Text, known)
		}
	}
	return chosen, nil
}

// tasks counts what the brokers have to do with the partitions.
func tasks(brokers []kmodel.Broker, controller int32, topics []kmodel.Topic) []Broker {
	out := make([]Broker, len(brokers))
	at := map[int32]*Broker{}
	for i, b := range brokers {
		out[i] = Broker{ID: b.ID, Address: b.Addr(), Rack: b.Rack, Controller: b.ID == controller}
		at[b.ID] = &out[i]
	}
	for _, t := range topics {
		for _, p := range t.Partitions {
			if b := at[p.Leader]; b != nil {
				b.Leads++
			}
			for _, id := range p.Replicas {
				if b := at[id]; b != nil {
					b.Replicas++
					b.OutOfSync++
				}
			}
			for _, id := range p.ISR {
				if b := at[id]; b != nil {
					b.OutOfSync--
				}
			}
		}
	}
	return out
}

// addSilence asks the brokers whether they are there.
func (b Brokers) addSilence(ctx context.Context, kafka command.Kafka, brokers []kmodel.Broker) error {
	silent, err := kafka.Answering(ctx, brokers...)
	for i, why := range silent {
		if why != nil {
			b.Brokers[i].Silent = command.Reason(why)
		}
	}
	return err
}

func (b Brokers) addDisks(ctx context.Context, kafka command.Kafka) error {
	var ids []int32
	at := map[int32]*Broker{}
	for i := range b.Brokers {
		row := &b.Brokers[i]
		if row.Silent != "" { // it was asked just now
			row.err, row.Error = errors.New(row.Silent), row.Silent
			continue
		}
		ids = append(ids, row.ID)
		at[row.ID] = row
	}
	if len(ids) == 0 {
		return nil // no id would be all brokers
	}
	dirs, err := kafka.LogDirs(ctx, ids...)
	if err != nil {
		return err
	}
	for _, d := range dirs {
		row := at[d.Broker]
		if row == nil {
			continue
		}
		if d.Dir == "" && d.Err != nil {
			row.err, row.Error = d.Err, command.Reason(d.Err)
			continue
		}
		dir := Dir{Path: d.Dir, Logs: len(d.Logs)}
		if d.Err != nil {
			row.err, dir.Error = d.Err, command.Reason(d.Err)
		}
		for _, log := range d.Logs {
			dir.Bytes += log.Bytes
		}
		if row.Bytes == nil {
			row.Bytes = new(int64)
		}
		*row.Bytes += dir.Bytes
		row.Dirs = append(row.Dirs, dir)
	}
	return nil
}

// complete tells of brokers that have not answered.
func (b Brokers) complete() error {
	for _, row := range b.Brokers {
		if row.err != nil {
			return command.At(itoa(int64(row.ID)), &command.PartialError{Err: fmt.Errorf("its logs: %w", row.err)})
		}
	}
	return nil
}
