package admin

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Options are the settings of zoo.cfg that concern the AdminServer.
type Options struct {
	// CommandURL is the path before the names; "" is /commands.
	CommandURL string
	// Snapshot allows the command snapshot, once in RateLimit.
	Snapshot  bool
	RateLimit time.Duration
	// Configuration is the text of zoo.cfg, Properties the system properties that were set.
	Configuration string
	Properties    []zkserver.Setting
}

// admin answers for one server.
type admin struct {
	s      *zkserver.Server
	opts   Options
	byName map[string]*command

	mu   sync.Mutex
	last time.Time // of the last snapshot; guarded by mu
}

// Handler answers GET of the index and of the commands.
func Handler(s *zkserver.Server, o Options) http.Handler {
	if o.CommandURL == "" {
		o.CommandURL = "/commands"
	}
	o.CommandURL = strings.TrimRight(o.CommandURL, "/")
	a := &admin{s: s, opts: o, byName: map[string]*command{}}
	list := commands()
	for i := range list {
		for _, name := range list[i].names {
			a.byName[name] = &list[i]
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { a.route(list, w, q) })
}

func (a *admin) route(list []command, w http.ResponseWriter, q *http.Request) {
	name, below := strings.CutPrefix(q.URL.Path, a.opts.CommandURL)
	if !below || name != "" && name[0] != '/' {
		http.NotFound(w, q)
		return
	}
	name = strings.TrimPrefix(name, "/")
	c := a.byName[name]
	posted := q.Method == http.MethodPost && c != nil && c.names[0] == "restore"
	if q.Method != http.MethodGet && q.Method != http.MethodHead && !posted {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch {
	case name == "":
		a.index(list, w)
	case c == nil:
		answer(w, http.StatusOK, object{{"command", name}, {"error", "Unknown command: " + name}})
	case !c.always && !a.s.Serving():
		answer(w, http.StatusOK, object{{"command", name}, {"error", notServing}})
	case c.serve != nil:
		c.serve(a, w, q)
	default:
		a.run(c, w, q)
	}
}

// run answers a command of the table. Fields come first, and an error before the name, as in ZooKeeper.
func (a *admin) run(c *command, w http.ResponseWriter, q *http.Request) {
	var o object
	if err := c.run(a, q, &o); err != nil {
		o.set("error", err.Error())
	}
	o.set("command", c.names[0])
	if len(o) == 0 || o[0].name != "error" {
		o.set("error", nil)
	}
	answer(w, http.StatusOK, o)
}

func answer(w http.ResponseWriter, status int, o object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, encode(o)) // who asked has gone
}

// index is the list of commands as links.
func (a *admin) index(list []command, w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	for _, c := range list {
		fmt.Fprintf(w, "<a href=\"%s/%s\">%s</a>\n<br/>\n", a.opts.CommandURL, c.names[0], c.names[0])
	}
}
