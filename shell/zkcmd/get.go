package zkcmd

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Encoding is how data is shown.
type Encoding string

// The encodings. Raw is as it is.
const (
	Raw    Encoding = "raw"
	Base64 Encoding = "base64"
	Hex    Encoding = "hex"
)

// Data is the result of get.
type Data struct {
	Path string
	Data []byte // nil is null
	As   Encoding
	Bare bool // no line end is added
	Stat *Stat
}

// MarshalJSON writes data as text where it is valid UTF-8, and in base64 where it is not, or was asked for so;
// null data is null.
func (d Data) MarshalJSON() ([]byte, error) {
	out := struct {
		Path     string  `json:"path"`
		Data     *string `json:"data"`
		Encoding string  `json:"encoding"` // utf-8 or base64
		Stat     *Stat   `json:"stat,omitempty"`
	}{Path: d.Path, Encoding: "utf-8", Stat: d.Stat}
	if d.Data != nil {
		text := string(d.Data)
		if d.As == Base64 || !utf8.Valid(d.Data) {
			out.Encoding, text = "base64", base64.StdEncoding.EncodeToString(d.Data)
		}
		out.Data = &text
	}
	return marshal(out)
}

// View is the data in its encoding, and the stat.
func (d Data) View() render.View {
	blob := render.Blob{Data: d.Data, Null: d.Data == nil, Newline: !d.Bare}
	switch {
	case d.Data == nil:
	case d.As == Base64:
		blob.Data = []byte(base64.StdEncoding.EncodeToString(d.Data))
	case d.As == Hex:
		return withStat(render.Text{Lines: strings.Split(HexDump(d.Data), "\n")}, d.Stat)
	}
	return withStat(blob, d.Stat)
}

// HexDump is data in the box that zkCli's get -x draws, without a line end behind the last line.
func HexDump(data []byte) string {
	const edge = "+--------+-------------------------------------------------+----------------+"
	var b strings.Builder
	b.WriteString("         +-------------------------------------------------+\n" +
		"         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n" + edge)
	for at := 0; at < len(data); at += 16 {
		row := data[at:min(at+16, len(data))]
		bytes, text := "", ""
		for _, c := range row {
			bytes += " " + hex.EncodeToString([]byte{c})
			if c < 0x20 || c > 0x7e {
				c = '.'
			}
			text += string(rune(c))
		}
		fmt.Fprintf(&b, "\n|%08x|%-48s |%-16s|", at, bytes, text)
	}
	b.WriteString("\n" + edge)
	return b.String()
}

var get = command.Spec{
	Name:  "get",
	Group: command.Znodes,
	Args:  []command.Arg{pathArg, watchArg},
	Short: "show the data of a znode",
	Long: "A line end is added behind the data; --raw leaves it out, for files and pipes. A znode without data\n" +
		"(null) and one with empty data look different.",
	Examples: []command.Example{
		{Line: "get /config", Means: "the data"},
		{Line: "get -s /config", Means: "and the stat fields"},
		{Line: "get -w /config", Means: "and tell once when it is changed or deleted"},
		{Line: "get -x /config", Means: "the bytes in a hex dump"},
		{Line: "get --raw /config > config.bin", Means: "the exact bytes into a file"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		stat := statFlag(fs)
		watch := watchFlag(fs, "the data is changed or the znode deleted")
		b64 := base64Flag(fs, "show the data in base64")
		hexed := fs.BoolP("hex", "x", false, "show the data as a hex dump")
		raw := fs.Bool("raw", false, "the bytes alone, without a line end")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			data, s, err := zk.Get(ctx, path, env.Watch(*watch || len(args) > 1))
			if err != nil {
				return nil, command.At(path, err)
			}
			as := Raw
			switch { // as in zkCli, hex wins
			case *hexed:
				as = Hex
			case *b64:
				as = Base64
			}
			return Data{Path: path, Data: data, As: as, Bare: *raw, Stat: statIf(*stat, s)}, nil
		}
	},
}
