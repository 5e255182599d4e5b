package zkserver

import (
	"slices"
	"strconv"
)

// MetricKind is how a figure moves.
type MetricKind int

const (
	// Gauge goes up and down.
	Gauge MetricKind = iota
	// Counter only grows, until srst.
	Counter
	// Series is many values in short: their number, sum, least and most.
	Series
)

// String is the kind's name in Prometheus' text format.
func (k MetricKind) String() string {
	switch k {
	case Counter:
		return "counter"
	case Series:
		return "summary"
	}
	return "gauge"
}

// Metric is one figure under ZooKeeper's name for it. mntr, the AdminServer's monitor command and the Prometheus
// exporter are walked from the same rows.
type Metric struct {
	// Name is as Prometheus has it; mntr puts zk_ before it.
	Name string
	Kind MetricKind
	Help string
	// Value reads the figure out of one moment's Stats. A Series has Summary instead.
	Value   func(*Stats) float64
	Summary func(*Stats) Summary
	// Decimal writes a whole value with its .0 where ZooKeeper does.
	Decimal bool
}

// MetricValue is one line of mntr: a name without zk_, and a number, whole or not.
type MetricValue struct {
	Name    string
	Value   float64
	Decimal bool
}

// String is the number as ZooKeeper writes it: a mean with at most four decimals, and one at least.
func (v MetricValue) String() string {
	if v.Decimal {
		return decimal(v.Value)
	}
	return strconv.FormatInt(int64(v.Value), 10)
}

// Values are the lines of mntr for one row: one, or those that a series is told by.
func (m *Metric) Values(st *Stats) []MetricValue {
	if m.Kind != Series {
		return []MetricValue{{m.Name, m.Value(st), m.Decimal}}
	}
	s := m.Summary(st)
	return []MetricValue{
		{"avg_" + m.Name, s.Avg(), true},
		{"min_" + m.Name, float64(s.Min), false},
		{"max_" + m.Name, float64(s.Max), false},
		{"cnt_" + m.Name, float64(s.Count), false},
		{"sum_" + m.Name, float64(s.Sum), false},
	}
}

// Metrics are the rows of the server that st is of, gauges first. The slice is the caller's.
func Metrics(st *Stats) []Metric {
	rows := []Metric{
		{Name: "avg_latency", Help: "mean time from a request to its answer, in ms", Value: func(s *Stats) float64 { return s.AvgLatency }, Decimal: true},
		{Name: "min_latency", Help: "shortest time from a request to its answer, in ms", Value: count(func(s *Stats) int64 { return s.MinLatency })},
		{Name: "max_latency", Help: "longest time from a request to its answer, in ms", Value: count(func(s *Stats) int64 { return s.MaxLatency })},
		{Name: "packets_received", Help: "requests received", Value: count(func(s *Stats) int64 { return s.Received })},
		{Name: "packets_sent", Help: "answers and events sent", Value: count(func(s *Stats) int64 { return s.Sent })},
		{Name: "num_alive_connections", Help: "open client connections", Value: count(func(s *Stats) int { return s.Connections })},
		{Name: "outstanding_requests", Help: "requests not answered yet", Value: count(func(s *Stats) int64 { return s.Outstanding })},
		{Name: "uptime", Help: "time since the server started, in ms", Value: func(s *Stats) float64 { return float64(s.Uptime.Milliseconds()) }},
		{Name: "znode_count", Help: "nodes in the tree", Value: count(func(s *Stats) int { return s.Nodes })},
		{Name: "watch_count", Help: "watches registered", Value: count(func(s *Stats) int { return s.Watches })},
		{Name: "ephemerals_count", Help: "ephemeral nodes", Value: count(func(s *Stats) int { return s.Ephemerals })},
		{Name: "approximate_data_size", Help: "bytes of paths and data", Value: count(func(s *Stats) int64 { return s.DataSize })},
		{Name: "global_sessions", Help: "open sessions", Value: count(func(s *Stats) int { return s.Sessions })},
		{Name: "auth_failed_count", Help: "failed authentications", Value: count(func(s *Stats) int64 { return s.AuthFailures })},
		{Name: "open_file_descriptor_count", Help: "file descriptors in use", Value: func(*Stats) float64 { open, _ := descriptors(); return float64(open) }},
		{Name: "max_file_descriptor_count", Help: "file descriptors that may be in use", Value: func(*Stats) float64 { _, most := descriptors(); return float64(most) }},
		{Name: "last_client_response_size", Help: "bytes of the last answer", Value: count(func(s *Stats) int64 { return s.LastResponse })},
		{Name: "min_client_response_size", Help: "bytes of the smallest answer", Value: count(func(s *Stats) int64 { return s.Responses.Min })},
		{Name: "max_client_response_size", Help: "bytes of the largest answer", Value: count(func(s *Stats) int64 { return s.Responses.Max })},

		{Name: "bytes_received_count", Kind: Counter, Help: "bytes of requests", Value: count(func(s *Stats) int64 { return s.BytesReceived })},
		{Name: "response_bytes", Kind: Counter, Help: "bytes of answers", Value: count(func(s *Stats) int64 { return s.Responses.Sum })},
		{Name: "connection_request_count", Kind: Counter, Help: "handshakes", Value: count(func(s *Stats) int64 { return s.Handshakes })},
		{Name: "stale_sessions_expired", Kind: Counter, Help: "sessions that fell silent", Value: count(func(s *Stats) int64 { return s.Expired })},
		{Name: "connection_rejected", Kind: Counter, Help: "connections refused by maxClientCnxns or maxCnxns", Value: count(func(s *Stats) int64 { return s.RejectedConns })},

		{Name: "readlatency", Kind: Series, Help: "time from a read to its answer, in ms", Summary: func(s *Stats) Summary { return s.Reads }},
		{Name: "updatelatency", Kind: Series, Help: "time from a write to its answer, in ms", Summary: func(s *Stats) Summary { return s.Updates }},
		{Name: "fsynctime", Kind: Series, Help: "time of a sync of the log, in ms", Summary: func(s *Stats) Summary { return s.Syncs }},
		{Name: "snapshottime", Kind: Series, Help: "time of writing a snapshot, in ms", Summary: func(s *Stats) Summary { return s.Snapshots }},
		{Name: "dbinittime", Kind: Series, Help: "time of loading the data, in ms", Summary: func(s *Stats) Summary { return s.Loading }},
	}
	for _, name := range never {
		rows = append(rows, Metric{Name: name.name, Kind: name.kind, Help: "always 0: " + name.why, Value: zero, Decimal: name.name == "connection_drop_probability"})
	}
	if st.Standing == nil {
		return rows
	}
	own := standingFigures(st.Standing)
	rows = slices.DeleteFunc(rows, func(m Metric) bool {
		return slices.ContainsFunc(own, func(o Metric) bool { return o.Name == m.Name })
	})
	return append(own, rows...)
}

const (
	alone    = "this server does not count it"
	tlsless  = "the server speaks no TLS"
	noChance = "no connection is dropped at random"
)

// never are figures of things that this server does not do. Dashboards ask for them.
var never = []struct {
	name string
	kind MetricKind
	why  string
}{
	{"local_sessions", Gauge, alone},
	{"connection_drop_probability", Gauge, noChance},
	{"outstanding_tls_handshake", Gauge, tlsless},
	{"non_mtls_local_conn_count", Gauge, tlsless},
	{"non_mtls_remote_conn_count", Gauge, tlsless},
	{"connection_drop_count", Counter, noChance},
	{"tls_handshake_exceeded", Counter, tlsless},
	{"unsuccessful_handshake", Counter, tlsless},
	{"insecure_admin_count", Counter, tlsless},
	{"proposal_count", Counter, alone},
	{"commit_count", Counter, alone},
	{"snap_count", Counter, alone},
	{"diff_count", Counter, alone},
	{"looking_count", Counter, alone},
	{"learner_proposal_received_count", Counter, alone},
	{"learner_commit_received_count", Counter, alone},
	{"request_commit_queued", Counter, alone},
	{"connection_revalidate_count", Counter, alone},
	{"revalidate_count", Counter, alone},
	{"quit_leading_due_to_disloyal_voter", Counter, alone},
	{"skip_learner_request_to_next_processor_count", Counter, alone},
	{"requests_not_forwarded_to_commit_processor", Counter, alone},
	{"ensemble_auth_success", Counter, alone},
	{"ensemble_auth_fail", Counter, alone},
	{"ensemble_auth_skip", Counter, alone},
}

func zero(*Stats) float64 { return 0 }

func count[N int | int64](get func(*Stats) N) func(*Stats) float64 {
	return func(s *Stats) float64 { return float64(get(s)) }
}
