package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lists is how often a round lists the topics, and how many of these there are.
const lists = 5

// runKafkaTools measures what people type: the list of topics, lines into a topic and out of it again. Apache's tools run on
// Apache's brokers and ours on ours; kcat, which is written in C, runs on both.
func runKafkaTools(ctx context.Context, b *bench) error {
	if _, err := exec.LookPath("kcat"); err != nil {
		return fmt.Errorf("kcat is Debian's package of that name: %w", err)
	}
	input, err := writeLines(filepath.Join(b.dir, "lines"))
	if err != nil {
		return err
	}
	return b.clusters(ctx, "kafka-tools", func(c *cluster) error {
		admin, err := c.client()
		if err != nil {
			return err
		}
		defer admin.Close()
		for i := range lists {
			if err := c.topic(ctx, admin, "topic"+strconv.Itoa(i), 1); err != nil {
				return err
			}
		}
		t := &tools{cluster: c, admin: admin, input: input}
		if err := t.list(ctx); err != nil {
			return err
		}
		return t.console(ctx)
	})
}

// tools are the programs for one cluster.
type tools struct {
	*cluster
	admin *kgo.Client
	input string // a file of lines
}

// classic is a tool by its classic name: Apache's program, or ours called by that name.
func (t *tools) classic(ctx context.Context, name string, args ...string) *exec.Cmd {
	program := t.zoo.b.zoka
	if t.home != "" {
		program = filepath.Join(t.home, "bin", name)
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"--bootstrap-server", t.bootstrap()}, args...)...)
	cmd.Args[0] = name
	return cmd
}

// own is a command of our shell.
func (t *tools) own(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, t.zoo.b.zoka, append([]string{"--bootstrap-server", t.bootstrap()}, args...)...)
}

func (t *tools) kcat(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "kcat", append([]string{"-b", t.bootstrap()}, args...)...)
}

func (t *tools) bootstrap() string { return strings.Join(t.addrs(), ",") }

// ours says whether the brokers are ours.
func (t *tools) ours() bool { return t.zoo.kind == kinds[0] }

// took is how long one kind of work took each of the programs.
type took struct{ classic, own, kcat float64 }

// add reports a kind of work: ours beside Apache's by the classic name, and beside kcat on our brokers.
func (t *tools) add(work string, took took, goal, kcatGoal string) {
	r := &t.zoo.b.report
	r.add(t.zoo.kind, figure{name: work + ", classic name", unit: "s", goal: goal}, took.classic)
	r.add(t.zoo.kind, figure{name: work + ", kcat on each side", unit: "s", goal: "-"}, took.kcat)
	if !t.ours() {
		return
	}
	for _, one := range []struct {
		name  string
		value float64
	}{{"classic name", took.classic}, {"own command", took.own}} {
		f := figure{name: work + ", " + one.name + " beside kcat, both on zoka", unit: "s", goal: kcatGoal, peer: "kcat"}
		r.add(kinds[0], f, one.value)
		r.add(kinds[1], f, took.kcat)
	}
}

// list measures the list of topics by one command.
func (t *tools) list(ctx context.Context) error {
	for range lists {
		var all took
		var err error
		if all.classic, err = wall(t.classic(ctx, "kafka-topics.sh", "--list")); err != nil {
			return err
		}
		if all.kcat, err = wall(t.kcat(ctx, "-L")); err != nil {
			return err
		}
		if t.ours() {
			if all.own, err = wall(t.own(ctx, "topics", "list")); err != nil {
				return err
			}
		}
		t.add("topics listed", all, "1/40", "2x")
	}
	return nil
}
