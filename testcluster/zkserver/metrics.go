package zkserver

import "strconv"

// MetricKind is how a figure moves.
type MetricKind int

const (
	// Gauge goes up and down.
	Gauge MetricKind = iota
	// Counter only grows, until srst.
	Counter
)

func (k MetricKind) String() string {
	if k == Counter {
		return "counter"
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
	// Value reads the figure out of one moment's Stats.
	Value func(*Stats) float64
	// Decimal writes a whole value with its .0 where ZooKeeper does.
	Decimal bool
}

// Format writes a value as mntr shows it: at most four decimals, and none in a whole number of a row that counts.
func (m *Metric) Format(v float64) string {
	if m.Decimal {
		return decimal(v)
	}
	return strconv.FormatInt(int64(v), 10)
}

// Metrics are the rows of a standalone server, gauges first. The slice is the caller's.
func Metrics() []Metric {
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

		{Name: "connection_rejected", Kind: Counter, Help: "connections refused by maxClientCnxns or maxCnxns", Value: count(func(s *Stats) int64 { return s.RejectedConns })},
	}
	for _, name := range never {
		rows = append(rows, Metric{Name: name.name, Kind: name.kind, Help: "always 0: " + name.why, Value: zero, Decimal: name.name == "connection_drop_probability"})
	}
	return rows
}

const (
	alone    = "a standalone server has no ensemble"
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
