package zkclient

import (
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Watch is called with each event of a watch, see the package's Callbacks.
type Watch = func(zkproto.WatchedEvent)

// DefaultWatch stands for [Config.OnEvent] where an operation takes a watch. On one path it is
// set once, however often it is given. It is not to be called.
func DefaultWatch(zkproto.WatchedEvent) {}

// isDefault compares by the address of the code. DefaultWatch is a plain function and no
// closure, so that nothing else has its address.
func isDefault(w Watch) bool {
	return reflect.ValueOf(w).Pointer() == reflect.ValueOf(DefaultWatch).Pointer()
}

// target is where the events of a watch go.
func (c *Client) target(w Watch) Watch {
	if isDefault(w) {
		return c.cfg.OnEvent
	}
	return w
}

// table names one kind of watch.
type table int

const (
	dataTable       table = iota // set by getData, and by exists on a znode that is there
	existTable                   // set by exists on one that is not
	childTable                   // set by getChildren
	persistentTable              // set by addWatch, and so is the next
	recursiveTable
	tables
)

// watchTables has the watches of a session by the server's paths. The server keeps its own
// tables for each connection; these are here to find the function, and to set the server's
// again on the next connection. Source: ZKWatchManager of 3.9.
type watchTables struct {
	mu sync.Mutex
	// by has the functions of a path.
	by [tables]map[string][]Watch
}

func (t *watchTables) add(kind table, path string, w Watch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by[kind] == nil {
		t.by[kind] = map[string][]Watch{}
	}
	if isDefault(w) && slices.ContainsFunc(t.by[kind][path], isDefault) {
		return
	}
	t.by[kind][path] = append(t.by[kind][path], w)
}

// fired says which one-shot watches an event ends.
var fired = map[zkproto.EventType][]table{
	zkproto.EventNodeCreated:         {dataTable, existTable},
	zkproto.EventNodeDataChanged:     {dataTable, existTable},
	zkproto.EventNodeChildrenChanged: {childTable},
	zkproto.EventNodeDeleted:         {dataTable, existTable, childTable},
}

// fire returns the watches that an event concerns, and takes out those that it ends. The
// default watch is called once for an event, whatever the number of its registrations.
func (t *watchTables) fire(event zkproto.EventType, path string) []Watch {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Watch
	for _, kind := range fired[event] {
		all = append(all, t.by[kind][path]...)
		delete(t.by[kind], path)
	}
	all = append(all, t.by[persistentTable][path]...)
	if event != zkproto.EventNodeChildrenChanged && len(t.by[recursiveTable]) > 0 {
		for p := path; p != ""; p = zkproto.Parent(p) {
			all = append(all, t.by[recursiveTable][p]...)
		}
	}
	seen := false
	return slices.DeleteFunc(all, func(w Watch) bool {
		was := seen
		seen = seen || isDefault(w)
		return was && isDefault(w)
	})
}

// tablesOf says which tables a watcher type means. Source: ZKWatchManager.removeWatcher.
func tablesOf(t zkproto.WatcherType) []table {
	switch t {
	case zkproto.WatcherChildren:
		return []table{childTable}
	case zkproto.WatcherData:
		return []table{dataTable, existTable}
	case zkproto.WatcherPersistent:
		return []table{persistentTable}
	case zkproto.WatcherPersistentRecursive:
		return []table{recursiveTable}
	case zkproto.WatcherAny:
		return []table{dataTable, existTable, childTable, persistentTable, recursiveTable}
	}
	return nil
}

func (t *watchTables) has(kinds []table, path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(kinds, func(k table) bool { return len(t.by[k][path]) > 0 })
}

// registration is one watch taken out of a table.
type registration struct {
	kind  table
	path  string
	watch Watch
}

func (t *watchTables) remove(kinds []table, path string) []registration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []registration
	for _, k := range kinds {
		for _, w := range t.by[k][path] {
			out = append(out, registration{k, path, w})
		}
		delete(t.by[k], path)
	}
	return out
}

// clear takes out everything but the default watches, whose function hears of the session's
// end anyway.
func (t *watchTables) clear() []registration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []registration
	for k := range t.by {
		for _, path := range slices.Sorted(maps.Keys(t.by[k])) {
			for _, w := range t.by[k][path] {
				if !isDefault(w) {
					out = append(out, registration{table(k), path, w})
				}
			}
		}
		t.by[k] = nil
	}
	return out
}

// renewalSize bounds the paths of one setWatches, well below jute.maxbuffer: a client with
// more could otherwise never connect again.
const renewalSize = 128 << 10

// renewal is a setWatches or setWatches2 request.
type renewal struct {
	op  zkproto.OpCode
	req zkproto.Record
}

// renewals are the requests that set all watches again. The older request is used as long as
// no persistent watch is in it, for servers that know only that.
func (t *watchTables) renewals(zxid zkproto.Zxid) []renewal {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []renewal
	var paths [tables][]string
	size := 0
	flush := func() {
		req := zkproto.SetWatches2Request{
			SetWatchesRequest: zkproto.SetWatchesRequest{RelativeZxid: zxid,
				Data: paths[dataTable], Exist: paths[existTable], Child: paths[childTable]},
			Persistent: paths[persistentTable], PersistentRecursive: paths[recursiveTable],
		}
		if len(req.Persistent)+len(req.PersistentRecursive) == 0 {
			out = append(out, renewal{zkproto.OpSetWatches, &req.SetWatchesRequest})
		} else {
			out = append(out, renewal{zkproto.OpSetWatches2, &req})
		}
		paths, size = [tables][]string{}, 0
	}
	for k := range t.by {
		for path := range t.by[k] {
			if size > 0 && size+len(path) > renewalSize {
				flush()
			}
			paths[k] = append(paths[k], path)
			size += len(path) + 4
		}
	}
	if size > 0 {
		flush()
	}
	return out
}
