package zkcmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Created is the result of create.
type Created struct {
	Path string `json:"created"`
	Stat Stat   `json:"stat"`
	// Bare is the path alone, for $(…) of a Unix shell.
	Bare bool `json:"-"`
}

// View is one line.
func (c Created) View() render.View {
	if c.Bare {
		return render.Text{Lines: []string{c.Path}, Role: theme.Path}
	}
	return render.Text{Lines: []string{"Created " + c.Path}}
}

var create = command.Spec{
	Name:  "create",
	Group: command.Znodes,
	Args: []command.Arg{
		pathArg,
		{Name: "DATA", Kind: command.Data, Optional: true},
		{Name: "ACL", Kind: command.ACL, Optional: true},
	},
	Short: "create a znode",
	Long: "Without DATA the data is null; '' is empty data. @FILE and @- are as in set. An ACL is a list of\n" +
		"scheme:id:perms with commas; without one everybody may do everything.",
	Examples: []command.Example{
		{Line: `create /config "two words"`, Means: "a znode with data"},
		{Line: "create -s /queue/item- job", Means: "ten digits are appended to the name"},
		{Line: "create -e /members/me", Means: "gone when the session ends"},
		{Line: "create -p /a/b/c", Means: "and the parents that are missing"},
		{Line: "create -t 60000 /token x", Means: "gone after a minute unless written or given children"},
		{Line: "create /private x digest:bob:c3Vt:cdrwa", Means: "with an ACL"},
	},
	Pipelined: command.Unless("parents"),
	Bind:      bindCreate,
}

// createFlags are the flags of one create.
type createFlags struct {
	sequential, ephemeral, container, parents, quiet *bool
	ttl                                              *int64
}

func bindCreate(fs *pflag.FlagSet) command.Run {
	f := createFlags{
		sequential: fs.BoolP("sequential", "s", false, "append ten digits that grow with each znode"),
		ephemeral:  fs.BoolP("ephemeral", "e", false, "delete it when the session ends"),
		container:  fs.BoolP("container", "c", false, "delete it some time after its last child"),
		ttl:        fs.Int64P("ttl", "t", 0, "delete it after `MILLISECONDS` without a write or children"),
		parents:    fs.BoolP("parents", "p", false, "create missing parents, with null data"),
		quiet:      fs.BoolP("quiet", "q", false, "print the path alone"),
	}
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		mode, err := f.mode(fs.Changed("ttl"))
		if err != nil {
			return nil, err
		}
		path, err := createPath(env, args[0], mode)
		if err != nil {
			return nil, err
		}
		var data []byte
		if len(args) > 1 {
			if data, err = env.Data(args[1]); err != nil {
				return nil, command.At(path, err)
			}
		}
		acl := zkproto.OpenACL()
		if len(args) > 2 {
			if acl, err = zkproto.ParseACLs(args[2].Text); err != nil {
				return nil, command.At(path, err)
			}
		}
		zk, err := env.ZK(ctx)
		if err != nil {
			return nil, err
		}
		if *f.parents {
			if err := createParents(ctx, zk, path); err != nil {
				return nil, err
			}
		}
		created, s, err := zk.Create(ctx, path, data, acl, mode, time.Duration(*f.ttl)*time.Millisecond)
		if err != nil {
			return nil, command.At(path, noParent(err))
		}
		return Created{Path: created, Stat: Stat(s), Bare: *f.quiet}, nil
	}
}

func (f createFlags) mode(hasTTL bool) (zkproto.CreateMode, error) {
	switch {
	case *f.container && (*f.sequential || *f.ephemeral):
		return 0, command.Usagef("-c cannot be combined with -s or -e: containers are neither ephemeral nor sequential")
	case hasTTL && (*f.ephemeral || *f.container):
		return 0, command.Usagef("-t cannot be combined with -e or -c: only persistent znodes have a time to live")
	case hasTTL && (*f.ttl <= 0 || *f.ttl > zkproto.MaxTTL):
		return 0, command.Usagef("-t %d: a time to live is from 1 to %d ms", *f.ttl, int64(zkproto.MaxTTL))
	case *f.container:
		return zkproto.ModeContainer, nil
	case hasTTL && *f.sequential:
		return zkproto.ModePersistentSequentialTTL, nil
	case hasTTL:
		return zkproto.ModePersistentTTL, nil
	case *f.ephemeral && *f.sequential:
		return zkproto.ModeEphemeralSequential, nil
	case *f.ephemeral:
		return zkproto.ModeEphemeral, nil
	case *f.sequential:
		return zkproto.ModePersistentSequential, nil
	}
	return zkproto.ModePersistent, nil
}

func createPath(env *command.Env, w lex.Word, mode zkproto.CreateMode) (string, error) {
	if mode.Sequential() {
		return env.SequentialPath(w)
	}
	return env.Path(w)
}

// createParents makes what is missing above path, from the top down.
func createParents(ctx context.Context, zk command.ZK, path string) error {
	parent := zkproto.Parent(path)
	if parent == "" || parent == "/" {
		return nil
	}
	if _, err := zk.Exists(ctx, parent, nil); !errors.Is(err, zkproto.NoNode) {
		return command.At(parent, err)
	}
	if err := createParents(ctx, zk, parent); err != nil {
		return err
	}
	_, _, err := zk.Create(ctx, parent, nil, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	if errors.Is(err, zkproto.NodeExists) { // somebody else was faster
		return nil
	}
	return command.At(parent, err)
}

// noParent words the server's answer for create, which names the child.
func noParent(err error) error {
	if errors.Is(err, zkproto.NoNode) {
		return parentError{err}
	}
	return err
}

// parentError is NoNode where it means the parent.
type parentError struct{ err error }

func (parentError) Error() string   { return "no parent; -p creates it" }
func (e parentError) Unwrap() error { return e.err }
