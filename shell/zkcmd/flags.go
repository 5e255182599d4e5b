package zkcmd

import (
	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/shell/command"
)

// Flags and arguments that several commands have. They look alike everywhere.

func statFlag(fs *pflag.FlagSet) *bool {
	return fs.BoolP("stat", "s", false, "show the stat fields too")
}

func watchFlag(fs *pflag.FlagSet, what string) *bool {
	return fs.BoolP("watch", "w", false, "tell once when "+what)
}

func versionFlag(fs *pflag.FlagSet, which string) *int32 {
	return fs.Int32P("version", "v", -1, "only if `VERSION` is the znode's "+which)
}

func base64Flag(fs *pflag.FlagSet, usage string) *bool {
	return fs.BoolP("base64", "b", false, usage)
}

var (
	pathArg  = command.Arg{Name: "PATH", Kind: command.Path}
	herePath = command.Arg{Name: "PATH", Kind: command.Path, Optional: true}
	// watchArg is the old spelling of -w: `ls PATH watch`.
	watchArg = command.Arg{Name: "watch", Kind: command.Choice, Values: []string{"watch", "true", "1"}, Optional: true, Legacy: true}
	// versionArg is the old spelling of -v: `delete PATH VERSION`.
	versionArg = command.Arg{Name: "VERSION", Kind: command.Version, Optional: true, Legacy: true}
)
