package zkcli

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// failure is how a command ends that did not do what it was asked for: a line on standard error, and the exit code
// of a process of which it was the last.
type failure struct {
	text string // "" where what there is to say has been said
	code int
}

func (f *failure) Error() string { return f.text }

// errSaid is a failure whose words have been printed already.
var errSaid error = &failure{code: exitFailed}

// The exit codes of zkCli.sh.
const (
	exitFailed  = 1
	exitUnknown = 127
)

func failuref(format string, args ...any) error {
	return &failure{fmt.Sprintf(format, args...), exitFailed}
}

// failed words an error of the client as Apache's CliWrapperException does; path is the znode that the request was
// about, "" for none. Nil stays nil.
func failed(path string, err error) error {
	var code zkproto.Code
	var bad *zkproto.PathError
	var worded *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &worded):
		return err
	case errors.Is(err, context.Canceled):
		return failuref("interrupted")
	case errors.As(err, &bad):
		return failuref("%s", bad.Reason)
	case !errors.As(err, &code):
		return failuref("%s", (&command.Error{Path: path, Err: err}).Error())
	}
	if text, ok := wordings[code]; ok {
		return failuref("%s%s", text, path)
	}
	switch code {
	case zkproto.ReconfigInProgress:
		return failuref("Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)")
	case zkproto.NewConfigNoQuorum:
		return failuref("No quorum of new config is connected and up-to-date with the leader of last commmitted " +
			"config - try invoking reconfiguration after new servers are connected and synced")
	}
	return failuref("%s", keeperError(path, code))
}

// wordings are those of the codes that have words of their own, before the path.
var wordings = map[zkproto.Code]string{
	zkproto.NoNode:                  "Node does not exist: ",
	zkproto.NoChildrenForEphemerals: "Ephemerals cannot have children: ",
	zkproto.NodeExists:              "Node already exists: ",
	zkproto.NotEmpty:                "Node not empty: ",
	zkproto.NotReadOnly:             "Not a read-only call: ",
	zkproto.InvalidACL:              "Acl is not valid : ",
	zkproto.NoAuth:                  "Insufficient permission : ",
	zkproto.BadArguments:            "Arguments are not valid : ",
	zkproto.BadVersion:              "version No is not valid : ",
	zkproto.QuotaExceeded:           "Quota has exceeded : ",
}

// keeperError is the message of Apache's KeeperException.
func keeperError(path string, code zkproto.Code) string {
	text := "KeeperErrorCode = " + code.String()
	if path != "" {
		text += " for " + path
	}
	return text
}

// plainMessage is the message of the exception itself, where Apache's command prints that.
func plainMessage(path string, err error) string {
	var code zkproto.Code
	if errors.As(err, &code) {
		return keeperError(path, code)
	}
	return failed(path, err).Error()
}
