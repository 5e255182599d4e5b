package zkcmd

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// ACL is the result of getAcl.
type ACL struct {
	Path    string  `json:"path"`
	Entries []Grant `json:"acl"`
	Stat    *Stat   `json:"stat,omitempty"`
}

// Grant is one entry of an ACL. Perms is a subset of the letters cdrwa, in this order.
type Grant struct {
	Scheme string `json:"scheme"`
	ID     string `json:"id"`
	Perms  string `json:"perms"`
}

// View is a line for each entry, as setAcl takes it, and the stat.
func (a ACL) View() render.View {
	var lines []string
	for _, g := range a.Entries {
		lines = append(lines, g.Scheme+":"+g.ID+":"+g.Perms)
	}
	return withStat(render.Text{Lines: lines}, a.Stat)
}

func grants(acls []zkproto.ACL) []Grant {
	entries := make([]Grant, len(acls))
	for i, a := range acls {
		entries[i] = Grant{a.Scheme, a.ID.ID, a.Perms.String()}
	}
	return entries
}

var getACL = command.Spec{
	Name:  "getAcl",
	Group: command.Access,
	Args:  []command.Arg{herePath},
	Short: "show who may do what with a znode",
	Long: "Each line is scheme:id:perms, with the letters c(reate), d(elete), r(ead), w(rite), a(dmin). Who has\n" +
		"no admin permission sees x in place of password hashes.",
	Examples: []command.Example{
		{Line: "getAcl /config", Means: "its ACL"},
		{Line: "getAcl -s /config", Means: "and the stat fields; aclVersion is the version of the ACL"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		stat := statFlag(fs)
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			zk, path, err := target(ctx, env, args)
			if err != nil {
				return nil, err
			}
			acls, s, err := zk.GetACL(ctx, path)
			if err != nil {
				return nil, command.At(path, err)
			}
			return ACL{Path: path, Entries: grants(acls), Stat: statIf(*stat, s)}, nil
		}
	},
}
