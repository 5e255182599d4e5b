package zkcmd

import (
	"context"
	"encoding/base64"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Written is the result of set: nothing to see unless the stat was asked for.
type Written struct {
	Path string `json:"path"`
	Stat Stat   `json:"stat"`
	// Quiet leaves the stat to JSON.
	Quiet bool `json:"-"`
}

// View is the stat, if it was asked for.
func (w Written) View() render.View {
	if w.Quiet {
		return render.Empty{}
	}
	return w.Stat.View()
}

var set = command.Spec{
	Name:  "set",
	Group: command.Znodes,
	Args:  []command.Arg{pathArg, {Name: "DATA", Kind: command.Data}, versionArg},
	Short: "write the data of a znode",
	Long: "DATA that begins with - needs no care unless it names a flag; then, or to write it blindly, put --\n" +
		"before it. @FILE writes a file's content, @- standard input. Quotes make all of this plain data.",
	Examples: []command.Example{
		{Line: `set /config "two words"`, Means: "write data"},
		{Line: "set -v 3 /config new", Means: "only if its dataVersion is 3"},
		{Line: "set /config @config.json", Means: "what a file holds"},
		{Line: "set -b /config AAEC/w==", Means: "bytes given in base64"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		stat := statFlag(fs)
		version := versionFlag(fs, "dataVersion")
		b64 := base64Flag(fs, "DATA is base64")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			data, err := dataArg(env, args[1], *b64)
			if err != nil {
				return nil, command.At(path, err)
			}
			if len(args) > 2 {
				if *version, err = command.ParseVersion(args[2]); err != nil {
					return nil, err
				}
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			s, err := zk.Set(ctx, path, data, *version)
			if err != nil {
				return nil, command.At(path, err)
			}
			return Written{Path: path, Stat: Stat(s), Quiet: !*stat}, nil
		}
	},
}

// dataArg is the bytes of a DATA argument, decoded if they are in base64.
func dataArg(env *command.Env, w lex.Word, b64 bool) ([]byte, error) {
	data, err := env.Data(w)
	if err != nil || !b64 {
		return data, err
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
	n, err := base64.StdEncoding.Decode(out, data)
	if err != nil {
		return nil, command.Usagef("the data is not base64: %v", err)
	}
	return out[:n], nil
}
