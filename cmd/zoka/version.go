package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/zoka-project/zoka/shell/command"
)

// release is the version of the source, until it is built from a tagged module.
const release = "0.1.0"

// version is the release and, where the build knows it, the commit.
func version() string {
	v := release
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if commit != "" {
		v += " " + commit + dirty
	}
	return v + " " + runtime.Version()
}

func runVersion(_ context.Context, p *process) command.ExitCode {
	if len(p.args) > 0 {
		return p.fail(command.Usagef("version: %s: no argument wanted", p.args[0]))
	}
	fmt.Fprintln(p.stdout, "zoka", version())
	return command.ExitOK
}
