package zkcmd

import (
	"context"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Quota is the result of listquota.
type Quota struct {
	Path   string      `json:"path"`
	Limits QuotaLimits `json:"limits"`
	Used   QuotaUse    `json:"used"`
}

// QuotaLimits are the limits of a quota, null for none.
type QuotaLimits struct {
	Count     *int64 `json:"count"`
	Bytes     *int64 `json:"bytes"`
	HardCount *int64 `json:"hardCount"`
	HardBytes *int64 `json:"hardBytes"`
}

// QuotaUse is what the server has counted.
type QuotaUse struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"`
}

func (l Limits) json() *QuotaLimits {
	return &QuotaLimits{limitOrNil(l.Count), limitOrNil(l.Bytes), limitOrNil(l.HardCount), limitOrNil(l.HardBytes)}
}

func limitOrNil(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// View is a table of two rows.
func (q Quota) View() render.View {
	num := func(n int64) render.Cell { return render.Cell{Text: strconv.FormatInt(n, 10)} }
	limit := func(n *int64) render.Cell {
		if n == nil {
			return render.Cell{Text: "-"}
		}
		return num(*n)
	}
	return render.Table{
		Columns: []render.Column{{Name: "quota"}, {Name: "used", Right: true}, {Name: "soft", Right: true}, {Name: "hard", Right: true}},
		Rows: [][]render.Cell{
			{{Text: "znodes"}, num(q.Used.Count), limit(q.Limits.Count), limit(q.Limits.HardCount)},
			{{Text: "bytes"}, num(q.Used.Bytes), limit(q.Limits.Bytes), limit(q.Limits.HardBytes)},
		},
	}
}

var listquota = command.Spec{
	Name:  "listquota",
	Group: command.Access,
	Args:  []command.Arg{pathArg},
	Short: "show the quota of a znode, and what is used of it",
	Examples: []command.Example{
		{Line: "listquota /app", Means: "used, soft and hard limit of znodes and bytes"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := quotaZK(ctx, env)
			if err != nil {
				return nil, err
			}
			limits, err := readLimits(ctx, zk, path, limitsNode)
			if err != nil {
				return nil, err
			}
			used, err := readLimits(ctx, zk, path, statsNode)
			if err != nil {
				return nil, err
			}
			return Quota{Path: path, Limits: *limits.json(), Used: QuotaUse{used.Count, used.Bytes}}, nil
		}
	},
}
