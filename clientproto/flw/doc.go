// Package flw speaks ZooKeeper's four-letter words: a server's own account of itself, asked
// for on the client port without a session.
//
//	info, err := flw.Srvr(ctx, "127.0.0.1:2181", nil)
//	if errors.Is(err, flw.ErrNotAllowed) { ... } // 4lw.commands.whitelist lacks it
//
// [Do] sends any word and returns the text; the other functions also parse it. It keeps no
// connection and no state. Its callers are the shell, the monitor (through
// clientproto/survey) and zkclient, which asks isro.
//
// Source: org.apache.zookeeper.server.command of Apache ZooKeeper 3.9.
package flw
