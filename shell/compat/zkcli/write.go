package zkcli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/lex"
)

func (f *Front) create(ctx context.Context, l line) error {
	mode, ttl, err := createMode(l)
	if err != nil {
		return err
	}
	var data []byte
	if len(l.args) > 1 {
		data = []byte(l.args[1])
	}
	acl := zkproto.OpenACL()
	if len(l.args) > 2 {
		if acl, err = f.parseACL(l.args[2]); err != nil {
			fmt.Fprintln(f.stderr, keeperError("", zkproto.InvalidACL))
			return err
		}
	}
	path, _, err := f.now.Create(ctx, l.path(), data, acl, mode, ttl)
	switch {
	case errors.Is(err, zkproto.EphemeralOnLocalSession):
		fmt.Fprintln(f.stderr, "Unable to create ephemeral node on a local session")
	case errors.Is(err, zkproto.InvalidACL):
		fmt.Fprintln(f.stderr, keeperError(l.path(), zkproto.InvalidACL))
	}
	if err != nil {
		return failed(l.path(), err)
	}
	fmt.Fprintln(f.stderr, "Created "+path)
	return nil
}

// createMode checks the flags of create in Apache's order.
func createMode(l line) (zkproto.CreateMode, time.Duration, error) {
	e, s, c, t := l.has("e"), l.has("s"), l.has("c"), l.has("t")
	ttl, ok := number(l.values["t"], 64)
	switch {
	case c && (e || s):
		return 0, 0, failuref("-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.")
	case t && !ok:
		return 0, 0, failuref("-t argument must be a long value")
	case t && e:
		return 0, 0, failuref("TTLs cannot be used with Ephemeral znodes")
	case t && c:
		return 0, 0, failuref("TTLs cannot be used with Container znodes")
	case t && (ttl <= 0 || ttl > zkproto.MaxTTL):
		return 0, 0, failuref("ttl must be positive and cannot be larger than: %d", int64(zkproto.MaxTTL))
	}
	mode := zkproto.ModePersistent
	switch {
	case e && s:
		mode = zkproto.ModeEphemeralSequential
	case e:
		mode = zkproto.ModeEphemeral
	case s && t:
		mode = zkproto.ModePersistentSequentialTTL
	case s:
		mode = zkproto.ModePersistentSequential
	case c:
		mode = zkproto.ModeContainer
	case t:
		mode = zkproto.ModePersistentTTL
	}
	return mode, time.Duration(ttl) * time.Millisecond, nil
}

func (f *Front) set(ctx context.Context, l line) error {
	data := []byte(l.args[1])
	if l.has("b") {
		var err error
		if data, err = base64.StdEncoding.DecodeString(l.args[1]); err != nil {
			return failuref("set %s: the data is not base64: %v", l.path(), err)
		}
	}
	version, err := version(l, 2)
	if err != nil {
		return err
	}
	stat, err := f.now.Set(ctx, l.path(), data, version)
	if err != nil {
		return failed(l.path(), err)
	}
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

func (f *Front) delete(ctx context.Context, l line) error {
	if len(l.args) > 1 {
		fmt.Fprintln(f.stderr, "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.")
	}
	version, err := version(l, 1)
	if err != nil {
		return err
	}
	return failed(l.path(), f.now.Delete(ctx, l.path(), version))
}

// version is the value of -v or, as it was spelled before 3.5, the argument at index old. Without either it is -1.
func version(l line, old int) (int32, error) {
	text, given := l.values["v"]
	if !given && len(l.args) > old {
		text, given = l.args[old], true
	}
	if !given {
		return -1, nil
	}
	v, ok := number(text, 32)
	switch {
	case !ok && len(l.args) > old && old > 1:
		return 0, failuref("%s: neither a version nor a part of the data; data with blanks wants quotes", lex.Quote(text))
	case !ok:
		return 0, failuref("%s: not a version number", lex.Quote(text))
	}
	return int32(v), nil
}

// number reads a whole number of as many bits as Java reads it: a sign and decimal digits.
func number(text string, bits int) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, bits)
	return n, err == nil
}
