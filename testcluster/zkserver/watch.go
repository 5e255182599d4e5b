package zkserver

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// modes is the ways in which one connection watches one path in one table.
type modes uint8

const (
	standard  modes = 1 << iota // gone with its first event
	permanent                   // addWatch, persistent
	recursive                   // addWatch, persistent and recursive: the data table only
	anyMode   = standard | permanent | recursive
)

// watches has who watches what. Reads register while they hold the tree's read lock and mu;
// events are delivered under the tree's write lock, which keeps everybody else out.
// Source: WatchManager, DataTree.addWatch.
type watches struct {
	mu     sync.Mutex
	data   watchTable // existence, data, deletion
	child  watchTable // lists of children
	serial uint64     // of the event being delivered
}

func newWatches() *watches { return &watches{data: newWatchTable(), child: newWatchTable()} }

// watchTable has the watchers of each path, and for each watcher its paths.
type watchTable struct {
	paths     map[string][]*conn
	conns     map[*conn]map[string]modes
	recursive int // how many recursive watches there are
	count     int
}

func newWatchTable() watchTable {
	return watchTable{paths: make(map[string][]*conn), conns: make(map[*conn]map[string]modes)}
}

// add registers a watch. The path is kept.
func (t *watchTable) add(c *conn, path string, mode modes) {
	own := t.conns[c]
	if own == nil {
		own = make(map[string]modes)
		t.conns[c] = own
	}
	had := own[path]
	if had == 0 {
		t.paths[path] = append(t.paths[path], c)
		t.count++
	}
	if mode&^had&recursive != 0 {
		t.recursive++
	}
	own[path] = had | mode
}

// has says whether a connection watches a path in one of the given modes.
func (t *watchTable) has(c *conn, path string, mode modes) bool { return t.conns[c][path]&mode != 0 }

// remove ends the given modes of a watch, and says whether there was one of them.
func (t *watchTable) remove(c *conn, path string, mode modes) bool {
	had := t.conns[c][path]
	if had&mode == 0 {
		return false
	}
	if t.narrow(c, path, had, had&^mode) {
		t.dropFromPath(c, path)
	}
	return true
}

// narrow notes the modes that are left, and says whether there are none.
func (t *watchTable) narrow(c *conn, path string, had, left modes) bool {
	if had&^left&recursive != 0 {
		t.recursive--
	}
	own := t.conns[c]
	if left != 0 {
		own[path] = left
		return false
	}
	t.count--
	if delete(own, path); len(own) == 0 {
		delete(t.conns, c)
	}
	return true
}

func (t *watchTable) dropFromPath(c *conn, path string) {
	list := t.paths[path]
	for i := range list {
		if list[i] == c {
			last := len(list) - 1
			list[i], list[last] = list[last], nil
			t.setPath(path, list[:last])
			return
		}
	}
}

func (t *watchTable) setPath(path string, list []*conn) {
	if len(list) == 0 {
		delete(t.paths, path)
	} else {
		t.paths[path] = list
	}
}

func (t *watchTable) removeConn(c *conn) {
	for path, had := range t.conns[c] {
		t.narrow(c, path, had, 0)
		t.dropFromPath(c, path)
	}
}

// fire tells the watchers of a path of an event, each once an event: the serial number in
// the connection says who has been told. One-shot watches end, also for those who may not
// be told.
func (t *watchTable) fire(e *znode.Event, serial uint64, tell func(*conn)) {
	if list := t.paths[e.Path]; len(list) > 0 {
		kept := list[:0]
		for _, c := range list {
			had := t.conns[c][e.Path]
			if !t.narrow(c, e.Path, had, had&^standard) {
				kept = append(kept, c)
			}
			once(c, serial, tell)
		}
		clear(list[len(kept):])
		t.setPath(e.Path, kept)
	}
	if t.recursive == 0 || e.Path == "/" {
		return
	}
	for path := zkproto.Parent(e.Path); path != ""; path = zkproto.Parent(path) {
		for _, c := range t.paths[path] {
			if t.conns[c][path]&recursive != 0 {
				once(c, serial, tell)
			}
		}
	}
}

func once(c *conn, serial uint64, tell func(*conn)) {
	if c.told != serial {
		c.told = serial
		tell(c)
	}
}

// deliver tells all watchers of an event. The caller holds the tree's write lock.
func (w *watches) deliver(e *znode.Event, tell func(*conn)) {
	if len(w.data.paths) == 0 && len(w.child.paths) == 0 {
		return
	}
	w.serial++
	if e.Type != zkproto.EventNodeChildrenChanged {
		w.data.fire(e, w.serial, tell)
	}
	if e.Type == zkproto.EventNodeChildrenChanged || e.Type == zkproto.EventNodeDeleted {
		w.child.fire(e, w.serial, tell)
	}
}

// watchData and the like register for a connection that reads now.
func (w *watches) watchData(c *conn, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data.add(c, path, standard)
}

func (w *watches) watchChildren(c *conn, path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.child.add(c, path, standard)
}

func (w *watches) addWatch(c *conn, path string, mode zkproto.AddWatchMode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mode == zkproto.AddWatchPersistentRecursive {
		w.data.add(c, path, recursive)
		return
	}
	w.data.add(c, path, permanent)
	w.child.add(c, path, permanent)
}

// has and remove answer checkWatches and removeWatches. known is false for a type that does
// not exist.
func (w *watches) has(c *conn, path string, typ zkproto.WatcherType) (found, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch data, child, ok := modesOf(typ); {
	case !ok:
		return false, false
	default:
		return w.data.has(c, path, data) || w.child.has(c, path, child), true
	}
}

func (w *watches) remove(c *conn, path string, typ zkproto.WatcherType) (found, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	data, child, ok := modesOf(typ)
	if !ok {
		return false, false
	}
	inData := w.data.remove(c, path, data)
	return w.child.remove(c, path, child) || inData, true
}

// modesOf says which modes a type means in each table. Source: DataTree.containsWatcher.
func modesOf(typ zkproto.WatcherType) (data, child modes, ok bool) {
	switch typ {
	case zkproto.WatcherChildren:
		return 0, standard, true
	case zkproto.WatcherData:
		return standard, 0, true
	case zkproto.WatcherPersistent:
		return permanent, permanent, true
	case zkproto.WatcherPersistentRecursive:
		return recursive, 0, true
	case zkproto.WatcherAny:
		return anyMode, anyMode, true
	}
	return 0, 0, false
}

// forget removes all watches of a connection that is gone. The caller holds the tree's read
// lock.
func (w *watches) forget(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.data.removeConn(c)
	w.child.removeConn(c)
}
