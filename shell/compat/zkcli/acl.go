package zkcli

import (
	"context"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// parseACL reads a list of scheme:id:perms, and tells of each thing in it that cannot be read. Apache's goes on
// then with what is left; here nothing is done with an ACL that is not the one that was meant.
func (f *Front) parseACL(text string) ([]zkproto.ACL, error) {
	var acls []zkproto.ACL
	bad := false
	for part := range strings.SplitSeq(text, ",") {
		first, last := strings.IndexByte(part, ':'), strings.LastIndexByte(part, ':')
		if first < 0 || first == last {
			fmt.Fprintln(f.stderr, part+" does not have the form scheme:id:perm")
			bad = true
			continue
		}
		acl := zkproto.ACL{ID: zkproto.ID{Scheme: part[:first], ID: part[first+1 : last]}}
		for _, letter := range part[last+1:] {
			perm, err := zkproto.ParsePerms(string(letter))
			if err != nil {
				fmt.Fprintf(f.stderr, "Unknown perm type: %c\n", letter)
				bad = true
			}
			acl.Perms |= perm
		}
		acls = append(acls, acl)
	}
	if bad {
		return nil, failuref("%snull", wordings[zkproto.InvalidACL])
	}
	return acls, nil
}

// idText is how Java prints an identity: a record in the CSV form of jute.
var idText = strings.NewReplacer("\x00", "%00", "\n", "%0A", "\r", "%0D", ",", "%2C", "}", "%7D", "%", "%25")

func (f *Front) getACL(ctx context.Context, l line) error {
	acls, stat, err := f.now.GetACL(ctx, l.path())
	if err != nil {
		return failed(l.path(), err)
	}
	for _, a := range acls {
		fmt.Fprintf(f.out, "'%s,'%s\n: %s\n", idText.Replace(a.Scheme), idText.Replace(a.ID.ID), a.Perms)
	}
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

func (f *Front) setACL(ctx context.Context, l line) error {
	acls, err := f.parseACL(l.args[1])
	if err != nil {
		return err
	}
	version, err := version(l, 2)
	if err != nil {
		return err
	}
	if l.has("R") {
		return f.setACLs(ctx, l.path(), acls, version)
	}
	stat, err := f.now.SetACL(ctx, l.path(), acls, version)
	if err != nil {
		return failed(l.path(), err)
	}
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

// setACLs changes each znode of a subtree that can be changed. What the others say goes, as in Apache's, to
// standard output without a line end.
func (f *Front) setACLs(ctx context.Context, root string, acls []zkproto.ACL, version int32) error {
	var refused error
	err := walk(ctx, f.now, root, nil, func(path string) {
		if _, err := f.now.SetACL(ctx, path, acls, version); err != nil {
			refused = errSaid
			fmt.Fprint(f.out, plainMessage(path, err))
		}
	})
	if err != nil {
		return failedAt(err)
	}
	return refused
}
