package zkcli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/shell/compat/zkcli"
)

// TestDifferences shows the other half of each row of Differences that one run can show: what zoka does.
func TestDifferences(t *testing.T) {
	server := zokaServer(t)
	for _, tt := range []struct {
		what, script, stdout, stderr string
		code                         int
	}{
		{"arguments that are too many", "set /d a b c\ncreate /d/x a b c\ndelete /d 0 1\ndeleteall /d x\nget /d\n",
			"old\n", `set: c: one argument too many; data with blanks wants quotes; usage: set path data [-s] [-v version] [-b]
create: c: one argument too many; data with blanks wants quotes; usage: create [-s] [-e] [-c] [-t ttl] path [data] [acl]
delete: 1: one argument too many; usage: delete [-v version] path
deleteall: x: one argument too many; usage: deleteall path [-b batch size]
`, 0},
		{"versions as third argument", "set /d new 7\nset /d two words\nset /d new 0\ndelete /d 0\nget /d\n", "new\n",
			`version No is not valid : /d
words: neither a version nor a part of the data; data with blanks wants quotes
'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.
version No is not valid : /d
`, 0},
		{"dashes", "set /d -5\nget /d\nset /d -----BEGIN\nget /d\nset /d '-s'\nget /d\nset /d -s x\nget /d\nset -z /d x\n",
			"-5\n-----BEGIN\n-s\nSTAT\nx\n", "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -z\n", 1},
		{"open quotes", "set /d \"a\nget /d\n\"\nset /d 'a b\n", "\"a\n",
			"USAGE\nCommand not found: Command not found \"\nb: neither a version nor a part of the data; data with blanks wants quotes\n", 1},
		{"exclamation marks and tabs", "set /d x!y\nget /d\nset /d !!\nget\t/d\nset /d ^a^b\nget /d\n", "x!y\n!!\n^a^b\n", "", 0},
		{"no line end", "get /d", "old\n", "", 0},
		{"bytes", "set /d \xff\xfe\nget /d\n", "\xff\xfe\n", "", 0},
		{"half of an ACL", "create /acl v world:anyone:rq,bad\nsetAcl /d world:anyone:rx\ngetAcl /d\nstat /acl\n",
			"'world,'anyone\n: cdrwa\n", "Unknown perm type: q\nbad does not have the form scheme:id:perm\n" +
				"KeeperErrorCode = InvalidACL\nAcl is not valid : null\nUnknown perm type: x\nAcl is not valid : null\n" +
				"Node does not exist: /acl\n", 1},
		{"too large", "create /d/big " + strings.Repeat("x", 1<<20) + "\nget /d\n", "old\n",
			"/d/big: the request has 1048629 bytes, the limit (jute.maxbuffer) is 1048575\n", 0},
		{"bad numbers", "set -v x /d v\ndelete -v x /d\nredo x\nset -b /d !!\naddWatch d\nconnect a:b\nget /d\n", "old\n",
			"x: not a version number\nx: not a version number\nredo x: not the number of a command\n" +
				"set /d: the data is not base64: illegal base64 data at input byte 0\nPath must start with / character\n" +
				"connect string \"a:b\": port \"b\" is not a number from 1 to 65535\n", 0},
		{"a watch behind a flag", "get -s /d watch\n", "old\nSTAT\n",
			"'get path [watch]' has been deprecated. Please use 'get [-s] [-w] path' instead.\n", 0},
		{"listquota", "listquota /d\n", "", "absolute path is /zookeeper/quota/d/zookeeper_limits\nquota for /d does not exist.\n", 1},
		{"delquota", "delquota /d\n", "Quota does not exist for /d\n", "", 1},
		{"setquota", "setquota -n 0 /d\n", "", "the num quota must be greater than zero\n", 1},
		{"deleteall", "deleteall /zookeeper\n", "", "Failed to delete some node(s) in the subtree!\n", 1},
		{"setAcl -R", "setAcl -R -v 7 /d world:anyone:r\n", "KeeperErrorCode = BadVersion for /d", "", 1},
		{"redo", "get /nope\nredo 0\n", "", "Node does not exist: /nope\nNode does not exist: /nope\n", 1},
		{"no session", "close\nget /d\n", "Not connected\n", "", 1},
		{"addWatch", "addWatch -m PERSISTENT /w1\naddWatch /d\ncreate /d/below v\nremovewatches /d -p\n", "",
			"Created /d/below\nKeeperErrorCode = No such watcher for /d\n", 1},
		{"other spellings", "rmr /d\nexit\nls2 /d\n", "", strings.Repeat("USAGE\nCommand not found: Command not found %s\n", 3), 127},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if o := run(t, built(t), server, "deleteall /d\ncreate /d old\n"); o.code != 0 {
				t.Fatalf("exit code %d, %s", o.code, o.stderr)
			}
			o := run(t, built(t), server, tt.script)
			stdout := statBlock.ReplaceAllString(prompts.ReplaceAllString(o.stdout, ""), "STAT\n")
			stdout = strings.TrimPrefix(stdout, "Connecting to ADDR\nWelcome to ZooKeeper!\nJLine support is enabled\n")
			stderr := usage.ReplaceAllString(o.stderr, "USAGE\n")
			want := tt.stderr
			if strings.Contains(want, "%s") {
				want = fmt.Sprintf(want, "rmr", "exit", "ls2")
			}
			diff(t, "stdout", stdout, tt.stdout)
			diff(t, "stderr", stderr, want)
			if o.code != tt.code {
				t.Errorf("exit code %d, want %d", o.code, tt.code)
			}
		})
	}
}

var (
	prompts   = regexp.MustCompile(`\[zk: ADDR\(\w+\) \d+\] ([^\n]*\n)?`)
	statBlock = regexp.MustCompile(`cZxid = (.*\n){11}`)
	usage     = regexp.MustCompile(`ZooKeeper -server host:port.*\n(\t.*\n)+`)
)

// TestOptions: what zkCli.sh passes over is passed over, and nothing ends in a stack trace.
func TestOptions(t *testing.T) {
	server := zokaServer(t)
	properties := filepath.Join(t.TempDir(), "client.properties")
	if err := os.WriteFile(properties, []byte("# what counts\njute.maxbuffer=100\nzookeeper.clientCnxnSocket = x.Y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secure := properties + ".secure"
	if err := os.WriteFile(secure, []byte("zookeeper.client.secure=true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args           string
		stdout, stderr string
		code           int
	}{
		{"-x --help --version -secure ls /", "Connecting to ADDR\n[zookeeper]\n", "", 0},
		{"-timeout abc ls /", "", "zoka: -timeout abc: not a number of milliseconds\n", 1},
		{"-server a:b ls /", "Connecting to a:b\n", "connect string \"a:b\": port \"b\" is not a number from 1 to 65535\n", 1},
		{"-client-configuration " + properties + " create /long " + strings.Repeat("x", 100), "Connecting to ADDR\n",
			"/long: the request has 152 bytes, the limit (jute.maxbuffer) is 100\n", 1},
		{"-client-configuration " + secure + " ls /", "", "zoka: -client-configuration " + secure +
			":1: zookeeper.client.secure=true: this client speaks no TLS\n", 2},
		{"-client-configuration /nowhere ls /", "", "zoka: -client-configuration open /nowhere: no such file or directory\n", 2},
		{"-waitforconnection ls /", "Connecting to ADDR\n[zookeeper]\n", "", 0},
		{"-waitforconnection -timeout 200 -server " + unused(t) + " ls /", "", "zoka: KeeperErrorCode = ConnectionLoss\n", 1},
	} {
		o := run(t, built(t), server, "", strings.Fields(tt.args)...)
		if tt.stdout != "" || o.code == 2 {
			diff(t, tt.args+": stdout", o.stdout, tt.stdout)
		}
		diff(t, tt.args+": stderr", o.stderr, tt.stderr)
		if o.code != tt.code {
			t.Errorf("%s: exit code %d, want %d", tt.args, o.code, tt.code)
		}
	}
}

// TestNoSession: every way out ends the session, so that no ephemeral znode lives on.
func TestNoSession(t *testing.T) {
	server := zokaServer(t)
	run(t, built(t), server, "", "create", "-e", "/one-shot")
	run(t, built(t), server, "create -e /script\n")
	run(t, built(t), server, "create -e /quit\nquit\n")
	run(t, built(t), server, "create -e /connect\nconnect\n")
	if o := run(t, built(t), server, "", "ls", "/"); o.stdout != "Connecting to ADDR\n[zookeeper]\n" {
		t.Errorf("stdout %q", o.stdout)
	}
}

// TestEventOrder: events stand on lines of their own, before the prompt that follows what caused them.
func TestEventOrder(t *testing.T) {
	const script = "create /o v\nget -w /o\nset /o w\nconnect\nclose\n"
	const event = "\nWATCHER::\n\nWatchedEvent state:%s type:%s path:%s zxid: %d\n"
	server := zokaServer(t)
	prompt := func(state string, n int, line string) string {
		return fmt.Sprintf("[zk: %s(%s) %d] %s", server, state, n, line)
	}
	want := "Connecting to " + server + "\nWelcome to ZooKeeper!\nJLine support is enabled\n" +
		fmt.Sprintf(event, "SyncConnected", "None", "null", -1) +
		prompt("CONNECTED", 0, "create /o v\n") +
		prompt("CONNECTED", 1, "get -w /o\n") + "v\n" +
		prompt("CONNECTED", 2, "set /o w\n") + fmt.Sprintf(event, "SyncConnected", "NodeDataChanged", "/o", 3) +
		prompt("CONNECTED", 3, "connect\n") + fmt.Sprintf(event, "Closed", "None", "null", -1) +
		fmt.Sprintf(event, "SyncConnected", "None", "null", -1) +
		prompt("CONNECTED", 4, "close\n") + fmt.Sprintf(event, "Closed", "None", "null", -1) +
		prompt("CLOSED", 5, "")
	cmd := command(t, built(t), server, script)
	got, err := cmd.Output()
	if err != nil {
		t.Error(err)
	}
	diff(t, "stdout", string(got), want)
}

// TestTable checks what the rows promise each other.
func TestTable(t *testing.T) {
	names := zkcli.Commands()
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			t.Errorf("%s stands before %s: the usage text is sorted", names[i-1], names[i])
		}
	}
	for _, d := range zkcli.Differences {
		if d.What == "" || d.Apache == "" || d.Zoka == "" || d.Why == "" {
			t.Errorf("a difference lacks something: %+v", d)
		}
	}
}
