package zkserver

import (
	"context"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// tutorial is what the classic tutorial types into zkCli.sh, and what its reader tries next.
const tutorial = `
ls /
create /sanguo "diaochan"
create /sanguo/shuguo "liubei"
get -s /sanguo
get /sanguo/shuguo
create /sanguo/weiguo "caocao"
create /sanguo/weiguo/zhangliao "zhangliao"
create -s /sanguo/weiguo/zhangliao "zhangliao"
create -s /sanguo/weiguo/zhangliao "zhangliao"
create -s /sanguo/weiguo/xuchu "xuchu"
create -e /sanguo/wuguo "zhouyu"
create -e -s /sanguo/wuguo "zhouyu"
create -s -e /sanguo/wuguo
create /sanguo/wuguo/luxun "luxun"
ls /sanguo
ls -s /sanguo
ls -R /sanguo
set /sanguo/weiguo "simayi"
set -s /sanguo/weiguo "simayi2"
set -v 7 /sanguo/weiguo "never"
get -s /sanguo/weiguo
stat /sanguo
get -w /sanguo
set /sanguo "xisi"
ls -w /sanguo
create /sanguo/jin "simayan"
delete /sanguo/jin
delete /sanguo
delete -v 3 /sanguo/shuguo
delete /none
get /none
set /none x
ls /none
stat /none
create /none/below x
create /sanguo again
create /sanguo//double x
create nonsense x
create /sanguo/. x
create -c /containers
create -t 10000 /ttl x
stat /containers
stat /ttl
getEphemerals
getEphemerals /sanguo
getAllChildrenNumber /
getAllChildrenNumber /sanguo
getAcl /sanguo
setAcl /sanguo/shuguo world:anyone:r
getAcl -s /sanguo/shuguo
set /sanguo/shuguo x
setAcl /sanguo/shuguo world:anyone:cdrwa
setAcl /sanguo auth::cdrwa
addauth digest u:p
whoami
setAcl /sanguo/shuguo auth::cdrwa
getAcl /sanguo/shuguo
setAcl /sanguo/shuguo digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:r,ip:127.0.0.1:rw
getAcl /sanguo/shuguo
setAcl /sanguo/shuguo ip:300.1.1.1:rw
setAcl /sanguo/shuguo nobody:x:rw
create /owned x digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:cdrwa
get /owned
setquota -n 3 /sanguo
setquota -b 100 /sanguo
listquota /sanguo
create /sanguo/over x
listquota /sanguo
delquota -n /sanguo
delquota /sanguo
listquota /sanguo
sync /sanguo
config
reconfig -remove 1
addWatch /sanguo
addWatch -m PERSISTENT /containers
create /sanguo/weiguo/watched x
delete /sanguo/weiguo/watched
create /containers/c x
removewatches /containers
removewatches -c /containers
delete /containers/c
deleteall /sanguo
ls /
ls /zookeeper
get -s /zookeeper
stat /zookeeper/quota
get -s /zookeeper/config
delete /zookeeper
delete /
deleteall /ttl
version
quit
`

// Apache's own shell must not be able to tell this server from Apache's.
func TestJudge_ZkCliSeesNoDifference(t *testing.T) {
	apache := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true"}})
	ours := start(t, nil)
	cli := peertest.ZkCli(t)
	want := runCli(t, cli, apache.Addr())
	got := runCli(t, cli, ours.Addr().String())
	if got != want {
		t.Errorf("zkCli.sh differs (- Apache, + zoka):\n%s", cliDiff(want, got))
	}
}

// runCli types the tutorial, one command after the other's answer, and returns what the
// shell prints, without what must differ: times, ids, ports.
func runCli(t *testing.T, cli, addr string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, cli, "-server", addr)
	cmd.Stdin = strings.NewReader(strings.TrimPrefix(tutorial, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("zkCli.sh on %s: %v\n%s", addr, err, out)
	}
	return arrangeCli(maskCli(string(out)))
}

var (
	cliPrompt = regexp.MustCompile(`(?m)^\[zk: [^]]*\] ?`)
	cliList   = regexp.MustCompile(`(?m)^\[(.+)\]$`)
)

// arrangeCli puts what has no order into one: events are printed whenever they come, and lists
// of ephemerals and the events of a deleteall follow the order of a hash table.
func arrangeCli(s string) string {
	_, s, _ = strings.Cut(s, "ls /\n")
	s = cliList.ReplaceAllStringFunc(cliPrompt.ReplaceAllString(s, ""), func(l string) string {
		items := strings.Split(strings.Trim(l, "[]"), ", ")
		slices.Sort(items)
		return "[" + strings.Join(items, ", ") + "]"
	})
	var answers, events []string
	for line := range strings.Lines(s) {
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "", line == "WATCHER::":
		case strings.HasPrefix(line, "WatchedEvent"):
			events = append(events, line)
		default:
			answers = append(answers, line)
		}
	}
	slices.Sort(events)
	return strings.Join(append(answers, events...), "\n")
}

var cliMasks = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDR"},
	{regexp.MustCompile(`(?m)^(ctime|mtime) = .*[1-9]\d{3}$`), "$1 = TIME"},
	{regexp.MustCompile(`sessionid: ?0x[0-9a-f]+`), "sessionid: ID"},
	{regexp.MustCompile(`ephemeralOwner = 0x[0-9a-f]{6,}`), "ephemeralOwner = ID"},
	{regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d .*\n`), ""},
}

func maskCli(s string) string {
	for _, m := range cliMasks {
		s = m.re.ReplaceAllString(s, m.with)
	}
	return s
}

// cliDiff shows the lines that differ, and one before each.
func cliDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out []string
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			if i > 0 && i-1 < len(a) {
				out = append(out, "  "+a[i-1])
			}
			out = append(out, "- "+x, "+ "+y)
		}
	}
	return strings.Join(out, "\n")
}
