// Package clustercmd is the shell's commands on an ensemble that runs on this machine: which
// nodes there are and how they are, and what can befall them. One file a command. There is
// one table of them: it is the words behind `cluster` in the shell, and behind `zoka cluster`
// in a Unix shell.
//
// It knows neither servers nor processes. It is given a [Find], which returns the ensemble
// that is meant; package main makes it of testcluster/ensemble.
package clustercmd

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Cluster is an ensemble. Nodes have numbers from 1.
type Cluster interface {
	Status(ctx context.Context) ([]Node, error)
	Kill(ctx context.Context, id int) error
	Pause(ctx context.Context, id int) error
	Resume(ctx context.Context, id int) error
	Restart(ctx context.Context, id int) error
	Partition(ctx context.Context, groups [][]int, oneWay bool) error
	Heal(ctx context.Context) error
}

// Find returns the ensemble that commands are about, or an error that says why there is none.
type Find func(ctx context.Context) (Cluster, error)

// Node is a row of status.
type Node struct {
	ID   int    `json:"node"`
	Pid  int    `json:"pid,omitempty"`
	Addr string `json:"server"`
	// Broker is the address of its Kafka broker, "" of a node without.
	Broker string `json:"broker,omitempty"`
	// Role is leader, follower, observer or standalone; looking, paused, silent or down.
	Role string `json:"role"`
	// Epoch is that of the last leader that it has followed, or been.
	Epoch int64 `json:"epoch"`
	// Serving tells that what follows is known.
	Serving  bool    `json:"serving"`
	Zxid     string  `json:"zxid"`
	Sessions int     `json:"sessions"`
	Znodes   int64   `json:"znodes"`
	Latency  float64 `json:"latency"` // milliseconds
	// In and Out are the nodes that nothing comes from, and nothing gets to.
	In  []int `json:"cutIn,omitempty"`
	Out []int `json:"cutOut,omitempty"`
}

// Verbs is the table, in the order of the help text. within is what stands before a verb.
func Verbs(find Find, within string) []command.Spec {
	verbs := []command.Spec{
		status(find),
		onNodes(find, kill),
		onNodes(find, pause),
		onNodes(find, resume),
		onNodes(find, restart),
		partition(find),
		heal(find),
	}
	for i := range verbs {
		verbs[i].Within = within
	}
	return verbs
}

// Unknown is the error for a verb that is none: exit code 127.
func Unknown(unknown *command.UnknownError) error {
	return &command.Error{Command: "cluster " + lex.Quote(unknown.Name), Err: &verbError{unknown}}
}

type verbError struct{ unknown *command.UnknownError }

func (e *verbError) Error() string {
	if names := e.unknown.Suggestions; len(names) > 0 {
		return "no such verb; did you mean " + strings.Join(names, " or ") + "?"
	}
	return "no such verb; `zoka help cluster` lists them"
}
func (e *verbError) Unwrap() error { return e.unknown }

// Outside tells of verbs that `zoka cluster` has, and the shell has not.
func Outside(verb string) bool { return slices.Contains([]string{"up", "down", "run"}, verb) }

// Commands is the table of the one command that the shell has of it.
func Commands(find Find) []command.Spec {
	verbs := Verbs(find, "cluster")
	names := make([]string, len(verbs))
	long := []string{"VERB is one of these; `cluster VERB --help` explains it:"}
	for i, v := range verbs {
		names[i] = v.Name
		long = append(long, "  "+v.Name+strings.Repeat(" ", 11-len(v.Name))+v.Short)
	}
	long = append(long, "",
		"Without --embedded the ensemble is the one of `zoka cluster up`: in the folder that ZOKA_CLUSTER names, or in",
		"./zoka-cluster.")
	return []command.Spec{{
		Name:  "cluster",
		Group: command.Ensemble,
		Args: []command.Arg{
			{Name: "VERB", Kind: command.Text, Values: names},
			{Name: "ARG", Kind: command.Text, Optional: true, Repeat: true},
		},
		Short: "see the nodes of an ensemble of this machine, kill them, cut their links",
		Long:  strings.Join(long, "\n"),
		Examples: []command.Example{
			{Line: "cluster status", Means: "who leads, who is down"},
			{Line: "cluster kill 2", Means: "kill -9"},
			{Line: "cluster partition 1,2 3", Means: "node 3 is alone"},
		},
		Bind: func(*pflag.FlagSet) command.Run {
			return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
				if Outside(args[0].Text) {
					return nil, &command.Error{Command: "cluster " + args[0].Text,
						Err: command.Usagef("`zoka cluster %s` does that, outside of the shell", args[0].Text)}
				}
				table, err := command.NewRegistry(verbs)
				if err != nil {
					return nil, err
				}
				call, err := table.Parse(args)
				if unknown, ok := err.(*command.UnknownError); ok {
					return nil, Unknown(unknown)
				}
				if err != nil {
					return nil, called(err)
				}
				result, err := call.Run(ctx, env)
				return result, called(err)
			}
		},
	}}
}

// called puts the name of the command before the verb that an error begins with.
func called(err error) error {
	var e *command.Error
	if errors.As(err, &e) {
		return &command.Error{Command: "cluster " + e.Command, Path: e.Path, Err: e.Err}
	}
	return err
}

// number is a node's number.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, command.Usagef("%s: a node is a number from 1", lex.Quote(text))
	}
	return n, nil
}

// numbers are several, with commas between them.
func numbers(text string) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := number(part)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

func join(list []int, separator string) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, separator)
}
