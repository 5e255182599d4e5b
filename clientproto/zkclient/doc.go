// Package zkclient is a client of ZooKeeper: sessions that outlive connections, watches,
// pipelined requests, and errors that say whether a write may have happened.
//
//	c, err := zkclient.Dial(ctx, zkclient.Config{Servers: "127.0.0.1:2181,127.0.0.1:2182/app"})
//	if err != nil { ... }                 // a *ConnectError names each server and its reason
//	defer c.Close(ctx)
//	data, stat, err := c.Get(ctx, "/a", nil)
//	if errors.Is(err, zkproto.NoNode) { ... }
//
// # Order
//
// Requests of one client are sent in the order of the calls and carried out in that order.
// [Client.Start] returns once a request has its place; many may be under way.
//
// # Lost connections
//
// The client moves to another server by itself and keeps its session. What had been handed
// to the lost connection ends with zkproto.ConnectionLoss: a write may or may not have been
// carried out, see [OutcomeUnknown]. What had not been handed to it stays in the queue and is
// sent on the next connection, unless its context has ended by then; so a request that
// follows a lost one may be carried out although the lost one was not.
//
// # Sessions
//
// A session that the servers, or the lack of them for 4/3 of its timeout, has ended makes every call
// fail with zkproto.SessionExpired. With [Config.Renew] the client then opens a new session.
// Watches do not outlive their session: each one's function is called a last time, with type
// None and state Expired (or Closed, or AuthFailed) and the path of the watch.
//
// # Callbacks
//
// Watch functions and [Config.OnEvent] are called by one goroutine, one at a time, in the
// order of the events. They may call the client, but not Close. Changes of state go to OnEvent
// alone.
//
// The package does not print, does not log, and knows nothing of the shell. Its callers are
// the shell, Kafka's client and the brokers (through clientproto/survey and clientproto/kafka
// or directly), and tests.
//
// Sources: ClientCnxn, ZooKeeper and ZKWatchManager of Apache ZooKeeper 3.9.
package zkclient
