package admin

import (
	"net/http"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// command is one row: what GET /commands/NAME does.
type command struct {
	// names are the primary one and its short forms.
	names []string
	// run adds the command's own fields. An error is the text of the field error.
	run func(a *admin, q *http.Request, o *object) error
	// serve answers by itself instead, where the answer is no JSON object.
	serve func(a *admin, w http.ResponseWriter, q *http.Request)
	// always says that a server that does not serve answers, too.
	always bool
}

// commands is the table, by primary name. Source: Commands.java.
func commands() []command {
	list := []command{
		{names: []string{"connection_stat_reset", "crst"}, run: do((*zkserver.Server).ResetConnStats)},
		{names: []string{"configuration", "conf", "config"}, run: configuration},
		{names: []string{"connections", "cons"}, run: connections},
		{names: []string{"hash"}, run: fields(member{"digests", []any{}})},
		{names: []string{"dirs"}, run: dirs},
		{names: []string{"dump"}, run: dump},
		{names: []string{"environment", "env", "envi"}, run: environment, always: true},
		{names: []string{"get_trace_mask", "gtmk"}, run: traceMask, always: true},
		{names: []string{"initial_configuration", "icfg"}, run: initialConfiguration},
		{names: []string{"is_read_only", "isro"}, run: fields(member{"read_only", false})},
		{names: []string{"last_snapshot", "lsnp"}, run: lastSnapshot},
		{names: []string{"leader", "lead"}, run: leader},
		{names: []string{"monitor", "mntr"}, run: monitor},
		{names: []string{"observer_connection_stat_reset", "orst"}, run: fields()},
		{names: []string{"restore", "rest"}, serve: (*admin).restore},
		{names: []string{"ruok"}, run: fields()},
		{names: []string{"set_trace_mask", "stmk"}, run: setTraceMask, always: true},
		{names: []string{"server_stats", "srvr"}, run: serverStats},
		{names: []string{"snapshot", "snap"}, serve: (*admin).snapshot},
		{names: []string{"stats", "stat"}, run: stats},
		{names: []string{"stat_reset", "srst"}, run: do((*zkserver.Server).ResetStats)},
		{names: []string{"observers", "obsr"}, run: observers},
		{names: []string{"system_properties", "sysp"}, run: systemProperties, always: true},
		{names: []string{"voting_view"}, run: votingView},
		{names: []string{"watches", "wchc"}, run: watches},
		{names: []string{"watches_by_path", "wchp"}, run: watchesByPath},
		{names: []string{"watch_summary", "wchs"}, run: watchSummary},
		{names: []string{"zabstate"}, run: zabState, always: true},
	}
	slices.SortFunc(list, func(a, b command) int { return strings.Compare(a.names[0], b.names[0]) })
	return list
}

// fields answers what a standalone server always answers.
func fields(fixed ...member) func(*admin, *http.Request, *object) error {
	return func(_ *admin, _ *http.Request, o *object) error {
		*o = append(*o, fixed...)
		return nil
	}
}

// do answers with nothing but that it is done.
func do(f func(*zkserver.Server)) func(*admin, *http.Request, *object) error {
	return func(a *admin, _ *http.Request, _ *object) error {
		f(a.s)
		return nil
	}
}
