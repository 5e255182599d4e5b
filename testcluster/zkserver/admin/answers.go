package admin

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

func configuration(a *admin, _ *http.Request, o *object) error {
	c := a.s.Conf()
	*o = append(*o,
		member{"client_port", c.ClientPort},
		member{"data_dir", c.DataDir},
		member{"data_log_dir", c.DataLogDir},
		member{"tick_time", c.TickTime},
		member{"max_client_cnxns", c.MaxClientCnxns},
		member{"min_session_timeout", c.MinSessionTimeout},
		member{"max_session_timeout", c.MaxSessionTimeout},
		member{"server_id", c.ServerID},
		member{"client_port_listen_backlog", -1},
	)
	return nil
}

func connections(a *admin, _ *http.Request, o *object) error {
	a.connections(o, false)
	return nil
}

// connections lists the clients; brief leaves their sessions out.
func (a *admin) connections(o *object, brief bool) {
	list := []any{}
	for _, c := range a.s.Conns() {
		item := object{
			{"remote_socket_address", c.Addr.String()},
			{"interest_ops", 1},
			{"outstanding_requests", c.Outstanding},
			{"packets_received", c.Received},
			{"packets_sent", c.Sent},
		}
		if c.Session != 0 && !brief {
			item = append(item, object{
				{"session_id", int64(c.Session)},
				{"last_operation", c.LastOpName()},
				{"established", c.Established.UnixMilli()},
				{"session_timeout", c.Timeout.Milliseconds()},
				{"last_cxid", int64(c.LastCxid)},
				{"last_zxid", int64(c.LastZxid)},
				{"last_response_time", c.LastReply.UnixMilli()},
				{"last_latency", c.LastLatency},
				{"min_latency", c.MinLatency},
				{"avg_latency", int64(c.AvgLatency)},
				{"max_latency", c.MaxLatency},
			}...)
		}
		list = append(list, item)
	}
	o.set("connections", list)
	o.set("secure_connections", []any{})
}

func dirs(a *admin, _ *http.Request, o *object) error {
	c := a.s.Conf()
	o.set("datadir_size", c.DataDirSize)
	o.set("logdir_size", c.DataLogSize)
	return nil
}

func dump(a *admin, _ *http.Request, o *object) error {
	d := a.s.DumpSessions()
	expiry, ephemerals := object{}, object{}
	for _, at := range slices.SortedFunc(maps.Keys(d.Expiry), time.Time.Compare) {
		expiry = append(expiry, member{strconv.FormatInt(at.UnixMilli(), 10), ids(d.Expiry[at])})
	}
	for _, id := range slices.Sorted(maps.Keys(d.Ephemerals)) {
		ephemerals = append(ephemerals, member{decimalID(id), texts(d.Ephemerals[id])})
	}
	o.set("expiry_time_to_session_ids", expiry)
	o.set("session_id_to_ephemeral_paths", ephemerals)
	return nil
}

func environment(_ *admin, _ *http.Request, o *object) error {
	for _, e := range zkserver.Environment() {
		o.set(e.Name, e.Value)
	}
	return nil
}

func traceMask(a *admin, _ *http.Request, o *object) error {
	o.set("tracemask", a.s.TraceMask())
	return nil
}

var errNoMask = errors.New("setTraceMask requires long traceMask argument")

func setTraceMask(a *admin, q *http.Request, o *object) error {
	if !q.URL.Query().Has("traceMask") {
		return errNoMask
	}
	text := q.URL.Query().Get("traceMask")
	mask, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%w, got %s", errNoMask, text)
	}
	a.s.SetTraceMask(mask)
	return traceMask(a, q, o)
}

func initialConfiguration(a *admin, _ *http.Request, o *object) error {
	o.set("initial_configuration", a.opts.Configuration)
	return nil
}

// lastSnapshot gives the time in seconds.
func lastSnapshot(a *admin, _ *http.Request, o *object) error {
	st := a.s.Stats()
	o.set("zxid", strconv.FormatInt(int64(st.LastSnapshot), 16))
	o.set("timestamp", max(st.LastSnapshotTime.Unix(), 0))
	return nil
}

func monitor(a *admin, _ *http.Request, o *object) error {
	st := a.s.Stats()
	o.set("version", zkserver.Version())
	o.set("server_state", st.Mode())
	if st.Standing != nil {
		o.set("peer_state", st.Standing.PeerState())
	}
	for _, m := range zkserver.Metrics(&st) {
		for _, v := range m.Values(&st) {
			if v.Decimal {
				*o = append(*o, member{v.Name, math.Round(v.Value*1e4) / 1e4})
			} else {
				*o = append(*o, member{v.Name, int64(v.Value)})
			}
		}
	}
	return nil
}

func serverStats(a *admin, _ *http.Request, o *object) error {
	st, c := a.s.Stats(), a.s.Conf()
	sizes := object{
		{"last_buffer_size", st.LastResponse}, {"min_buffer_size", st.Responses.Min}, {"max_buffer_size", st.Responses.Max},
	}
	*o = append(*o,
		member{"version", zkserver.Version()},
		member{"read_only", false},
		member{"server_stats", object{
			{"packets_sent", st.Sent},
			{"packets_received", st.Received},
			{"fsync_threshold_exceed_count", st.SlowSyncs},
			{"client_response_stats", sizes},
			{"provider_null", false},
			{"data_dir_size", c.DataDirSize},
			{"log_dir_size", c.DataLogSize},
			{"last_processed_zxid", int64(st.Zxid)},
			{"outstanding_requests", st.Outstanding},
			{"server_state", st.Mode()},
			{"avg_latency", math.Round(st.AvgLatency*1e4) / 1e4},
			{"max_latency", st.MaxLatency},
			{"min_latency", st.MinLatency},
			{"num_alive_client_connections", st.Connections},
			{"uptime", st.Uptime.Milliseconds()},
			{"auth_failed_count", st.AuthFailures},
			{"non_mtlsremote_conn_count", 0},
			{"non_mtlslocal_conn_count", 0},
		}},
		member{"client_response", sizes},
	)
	*o = append(*o, proposals(&st)...)
	o.set("node_count", st.Nodes)
	return nil
}

func stats(a *admin, q *http.Request, o *object) error {
	if err := serverStats(a, q, o); err != nil {
		return err
	}
	a.connections(o, true)
	return nil
}

func systemProperties(a *admin, _ *http.Request, o *object) error {
	all := append(slices.Clone(a.opts.Properties), zkserver.Environment()...)
	slices.SortStableFunc(all, func(x, y zkserver.Setting) int {
		switch {
		case x.Name < y.Name:
			return -1
		case x.Name > y.Name:
			return 1
		}
		return 0
	})
	for _, p := range all {
		o.set(p.Name, p.Value)
	}
	return nil
}

func watches(a *admin, _ *http.Request, o *object) error {
	by, all := a.s.WatchedBy(), object{}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		all = append(all, member{decimalID(id), texts(by[id])})
	}
	o.set("session_id_to_watched_paths", all)
	return nil
}

func watchesByPath(a *admin, _ *http.Request, o *object) error {
	of, all := a.s.WatchersOf(), object{}
	for _, path := range slices.Sorted(maps.Keys(of)) {
		all = append(all, member{path, ids(of[path])})
	}
	o.set("path_to_session_ids", all)
	return nil
}

func watchSummary(a *admin, _ *http.Request, o *object) error {
	conns, paths, watches := a.s.WatchSummary()
	*o = append(*o, member{"num_connections", conns}, member{"num_paths", paths}, member{"num_total_watches", watches})
	return nil
}

func ids(list []zkproto.SessionID) []any {
	out := make([]any, len(list))
	for i, id := range list {
		out[i] = int64(id)
	}
	return out
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// decimalID is a session as a member's name.
func decimalID(id zkproto.SessionID) string { return strconv.FormatInt(int64(id), 10) }
