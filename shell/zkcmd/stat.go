package zkcmd

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Stat is the metadata of a znode, drawn as zkCli's eleven lines. Its JSON has the names of those lines; times
// are RFC 3339 in UTC.
type Stat zkproto.Stat

// MarshalJSON writes zxids and sessions as they are shown everywhere, in hexadecimal.
func (s Stat) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Czxid          string `json:"cZxid"`
		Ctime          string `json:"ctime"`
		Mzxid          string `json:"mZxid"`
		Mtime          string `json:"mtime"`
		Pzxid          string `json:"pZxid"`
		Cversion       int32  `json:"cversion"`
		Version        int32  `json:"dataVersion"`
		Aversion       int32  `json:"aclVersion"`
		EphemeralOwner string `json:"ephemeralOwner"`
		DataLength     int32  `json:"dataLength"`
		NumChildren    int32  `json:"numChildren"`
	}{
		s.Czxid.String(), jsonTime(s.Ctime), s.Mzxid.String(), jsonTime(s.Mtime), s.Pzxid.String(),
		s.Cversion, s.Version, s.Aversion, s.EphemeralOwner.String(), s.DataLength, s.NumChildren,
	})
}

func jsonTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// View is the block of eleven lines.
func (s Stat) View() render.View {
	num := func(key string, n int32) render.Field {
		return render.Field{Key: key, Value: render.Cell{Text: fmt.Sprint(n)}}
	}
	text := func(key, value string) render.Field {
		return render.Field{Key: key, Value: render.Cell{Text: value}}
	}
	return render.Fields{Items: []render.Field{
		text("cZxid", s.Czxid.String()),
		text("ctime", javaTime(s.Ctime)),
		text("mZxid", s.Mzxid.String()),
		text("mtime", javaTime(s.Mtime)),
		text("pZxid", s.Pzxid.String()),
		num("cversion", s.Cversion),
		num("dataVersion", s.Version),
		num("aclVersion", s.Aversion),
		text("ephemeralOwner", s.EphemeralOwner.String()),
		num("dataLength", s.DataLength),
		num("numChildren", s.NumChildren),
	}}
}

// javaTime is java.util.Date.toString, which zkCli prints.
func javaTime(ms int64) string {
	return time.UnixMilli(ms).Format("Mon Jan 02 15:04:05 MST 2006")
}

// statIf is s when it is wanted, for results that show a stat on request.
func statIf(wanted bool, s zkproto.Stat) *Stat {
	if !wanted {
		return nil
	}
	return (*Stat)(&s)
}

// withStat is a view, and below it the stat if there is one.
func withStat(v render.View, s *Stat) render.View {
	if s == nil {
		return v
	}
	return render.Group{Views: []render.View{v, s.View()}}
}

var stat = command.Spec{
	Name:  "stat",
	Group: command.Znodes,
	Args:  []command.Arg{herePath, watchArg},
	Short: "show the stat fields of a znode",
	Long: "The fields are zkCli's: cZxid, ctime, mZxid, mtime, pZxid, cversion, dataVersion, aclVersion,\n" +
		"ephemeralOwner, dataLength, numChildren. A watch stays set on a znode that does not exist yet.",
	Examples: []command.Example{
		{Line: "stat /config", Means: "versions, times and sizes"},
		{Line: "stat -w /config", Means: "and tell when it is created, changed or deleted"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		return bindExists(fs, func(_ string, s Stat) render.Result { return s })
	},
}

// bindExists is Bind for a command that makes its result of a znode's stat alone.
func bindExists(fs *pflag.FlagSet, result func(path string, s Stat) render.Result) command.Run {
	watch := watchFlag(fs, "the znode is created, changed or deleted")
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		zk, path, err := target(ctx, env, args)
		if err != nil {
			return nil, err
		}
		s, err := zk.Exists(ctx, path, env.Watch(*watch || len(args) > 1))
		if err != nil {
			return nil, command.At(path, err)
		}
		return result(path, Stat(s)), nil
	}
}

// target is the znode that a command is about, and the session to ask.
func target(ctx context.Context, env *command.Env, args []lex.Word) (command.ZK, string, error) {
	path, err := pathOrHere(env, args)
	if err != nil {
		return nil, "", err
	}
	zk, err := env.ZK(ctx)
	return zk, path, err
}

// pathOrHere is the first argument, or the working znode.
func pathOrHere(env *command.Env, args []lex.Word) (string, error) {
	if len(args) == 0 {
		return env.Dir(), nil
	}
	return env.Path(args[0])
}
