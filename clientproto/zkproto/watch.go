package zkproto

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/jute"
)

// WatcherEvent is the body of a notification (xid -1).
type WatcherEvent struct {
	Type  EventType
	State KeeperState
	Path  string
}

func (e *WatcherEvent) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, int32(e.Type))
	b = jute.AppendInt(b, int32(e.State))
	return jute.AppendString(b, e.Path)
}

func (e *WatcherEvent) Decode(r *jute.Reader) {
	e.Type = EventType(r.Int())
	e.State = KeeperState(r.Int())
	e.Path = r.String()
}

// WatchedEvent is an event as a client hands it to its user: a change of a znode, or, with
// Type [EventNone] and no path, a change of the session's state.
type WatchedEvent struct {
	Type  EventType
	State KeeperState
	Path  string
	// Zxid is the transaction that caused the event, 0 where it is not known: servers
	// before 3.9, and events that a reconnect caught up with.
	Zxid Zxid
}

// String is Apache's form, as zkCli prints it: "WatchedEvent state:SyncConnected
// type:NodeCreated path:/a zxid: 7". Source: org.apache.zookeeper.WatchedEvent of 3.9.
func (e WatchedEvent) String() string {
	path := e.Path
	if e.Type == EventNone && path == "" {
		path = "null"
	}
	zxid := e.Zxid
	if zxid == 0 {
		zxid = -1
	}
	return fmt.Sprintf("WatchedEvent state:%s type:%s path:%s zxid: %d", e.State, e.Type, path, int64(zxid))
}

// PathWatcherTypeRequest is the body of checkWatches and removeWatches.
type PathWatcherTypeRequest struct {
	Path string
	Type WatcherType
}

func (p *PathWatcherTypeRequest) AppendTo(b []byte) []byte {
	return jute.AppendInt(jute.AppendString(b, p.Path), int32(p.Type))
}

func (p *PathWatcherTypeRequest) Decode(r *jute.Reader) {
	p.Path = r.String()
	p.Type = WatcherType(r.Int())
}

// AddWatchRequest is the body of addWatch.
type AddWatchRequest struct {
	Path string
	Mode AddWatchMode
}

func (a *AddWatchRequest) AppendTo(b []byte) []byte {
	return jute.AppendInt(jute.AppendString(b, a.Path), int32(a.Mode))
}

func (a *AddWatchRequest) Decode(r *jute.Reader) {
	a.Path = r.String()
	a.Mode = AddWatchMode(r.Int())
}

// ErrorResponse answers addWatch, with code 0. Its 4 bytes are mandatory.
type ErrorResponse struct{ Err Code }

func (e *ErrorResponse) AppendTo(b []byte) []byte { return jute.AppendInt(b, int32(e.Err)) }

func (e *ErrorResponse) Decode(r *jute.Reader) { e.Err = Code(r.Int()) }

// SetWatchesRequest renews the watches of a session after a reconnect. The server
// compares each path with RelativeZxid, the last zxid that the client has seen.
type SetWatchesRequest struct {
	RelativeZxid Zxid
	Data         []string
	Exist        []string
	Child        []string
}

func (s *SetWatchesRequest) AppendTo(b []byte) []byte {
	b = jute.AppendLong(b, int64(s.RelativeZxid))
	b = appendPaths(b, s.Data)
	b = appendPaths(b, s.Exist)
	return appendPaths(b, s.Child)
}

func (s *SetWatchesRequest) Decode(r *jute.Reader) {
	s.RelativeZxid = Zxid(r.Long())
	s.Data = r.Strings()
	s.Exist = r.Strings()
	s.Child = r.Strings()
}

// SetWatches2Request is [SetWatchesRequest] with the persistent watches.
type SetWatches2Request struct {
	SetWatchesRequest
	Persistent          []string
	PersistentRecursive []string
}

func (s *SetWatches2Request) AppendTo(b []byte) []byte {
	b = s.SetWatchesRequest.AppendTo(b)
	b = appendPaths(b, s.Persistent)
	return appendPaths(b, s.PersistentRecursive)
}

func (s *SetWatches2Request) Decode(r *jute.Reader) {
	s.SetWatchesRequest.Decode(r)
	s.Persistent = r.Strings()
	s.PersistentRecursive = r.Strings()
}

// appendPaths writes no paths as an empty vector, never as null: Java iterates over it.
func appendPaths(b []byte, v []string) []byte {
	if v == nil {
		v = []string{}
	}
	return jute.AppendStrings(b, v)
}
