package admin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// snapshot writes a snapshot and, unless streaming=false, sends its file. It takes an Authorization "digest USER:PASSWORD",
// of somebody with all permissions on the root. Source: Commands.SnapshotCommand.
func (a *admin) snapshot(w http.ResponseWriter, q *http.Request) {
	const name = "snapshot"
	if !a.authorized(w, q) {
		return
	}
	if !a.opts.Snapshot {
		refuse(w, http.StatusServiceUnavailable, name, "Snapshot command is disabled")
		return
	}
	if !a.due() {
		answer(w, http.StatusTooManyRequests, object{{"command", name}, {"error", nil}})
		return
	}
	f, zxid, err := a.s.OpenSnapshot()
	switch {
	case errors.Is(err, zkserver.ErrSnapshotBusy):
		refuse(w, http.StatusServiceUnavailable, name, err.Error())
		return
	case err != nil:
		refuse(w, http.StatusInternalServerError, name, err.Error())
		return
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		refuse(w, http.StatusInternalServerError, name, err.Error())
		return
	}
	// Java's server leaves the case of the names alone, and so do clients that look for them.
	w.Header()["last_zxid"] = []string{fmt.Sprintf("0x%x", uint64(zxid))}
	w.Header()["snapshot_size"] = []string{strconv.FormatInt(size, 10)}
	if streaming, err := strconv.ParseBool(q.URL.Query().Get("streaming")); err == nil && !streaming {
		answer(w, http.StatusOK, object{{"command", name}, {"error", nil}})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	_, _ = io.CopyN(w, storage.NewReader(f), size) // a short answer is seen by its length
}

// due says whether RateLimit allows a snapshot now, and counts it.
func (a *admin) due() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if !a.last.IsZero() && now.Sub(a.last) < a.opts.RateLimit {
		return false
	}
	a.last = now
	return true
}

// restore is refused: in ZooKeeper it replaces the tree of a running server.
func (a *admin) restore(w http.ResponseWriter, q *http.Request) {
	if a.authorized(w, q) {
		refuse(w, http.StatusServiceUnavailable, "restore", "Restore command is disabled")
	}
}

// authorized checks the header Authorization, and answers where it is missing or not enough. That answer has the
// command's name as it was asked for, as in ZooKeeper.
func (a *admin) authorized(w http.ResponseWriter, q *http.Request) bool {
	name := path.Base(q.URL.Path)
	header := q.Header.Get("Authorization")
	if header == "" {
		refuse(w, http.StatusUnauthorized, name, "Auth info is missing for the command")
		return false
	}
	peer, _, _ := net.SplitHostPort(q.RemoteAddr)
	known, allowed := false, false
	if fields := strings.Fields(header); len(fields) == 2 {
		known, allowed = a.s.Administrator(fields[0], []byte(fields[1]), peer)
	}
	switch {
	case !known:
		refuse(w, http.StatusUnauthorized, name, "Not authenticated")
	case !allowed:
		refuse(w, http.StatusForbidden, name, "Not authorized")
	}
	return allowed
}

func refuse(w http.ResponseWriter, status int, name, reason string) {
	answer(w, status, object{{"command", name}, {"error", reason}})
}
