package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestInteractive_Kafka is a person who writes records and reads them, on brokers that are found through ZooKeeper.
func TestInteractive_Kafka(t *testing.T) {
	h := startTerminal(t, "--embedded")
	h.wait("[zk: 127.0.0.1:…(CONNECTED) 0]")
	h.typed("topics create first -p 1 -r 3\r")
	h.wait("created first", "[zk: 127.0.0.1:…(CONNECTED) 1]")
	recordsTyped(t, h, "[zk: 127.0.0.1:…(CONNECTED) ")
}

// TestInteractive_KafkaAlone is a prompt of who names brokers, and no ZooKeeper.
func TestInteractive_KafkaAlone(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	onKafka(t, e.BootstrapServers())
}

// TestInteractive_KafkaAlone_Apache is the same on Apache's broker of today.
func TestInteractive_KafkaAlone_Apache(t *testing.T) {
	onKafka(t, peertest.StartKRaft(t, peertest.KafkaOptions{}).Bootstrap())
}

func onKafka(t *testing.T, bootstrap string) {
	h := startTerminal(t, "-b", bootstrap)
	h.wait("[kafka: 127.0.0.1:… 0]")
	h.typed("topics create first -p 1\r")
	h.wait("created first", "[kafka: 127.0.0.1:… 1]")
	recordsTyped(t, h, "[kafka: 127.0.0.1:… ")
}

// recordsTyped is what the tutorial types, at a prompt that has one line behind it.
func recordsTyped(t *testing.T, h *terminal, prompt string) {
	t.Helper()
	h.typed("produce first\r")
	h.wait(">")
	h.typed("hello world\r")
	h.wait(">hello world", ">")
	h.typed("atguigu atguigu\r")
	h.wait(">atguigu atguigu", ">")
	h.typed("\x03") // leaves the mode, not the shell
	h.wait(prompt + "2]")
	h.typed("produce -K : first\r")
	h.wait(prompt+"2] produce -K : first", ">")
	h.typed("no key\r")
	h.wait(">no key", "produce first: line 1: no key separator in it", ">")
	h.typed("k:v\r\x04")
	h.wait("produce first: 1 of 2 records not acknowledged", prompt+"3]")

	h.typed("consume --from-beginning -K , first\r")
	h.wait("null,hello world", "null,atguigu atguigu", "k,v")
	h.typed("\x03")
	h.wait("Processed a total of 3 messages", prompt+"4]")
	h.typed("\x04")
	h.waitExit(0)
}

// TestProduce_AtATerminal asks for each line by >, without a shell around it.
func TestProduce_AtATerminal(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	ok(t, exec.Command("zoka", "-b", e.BootstrapServers(), "topics", "create", "t").Run())
	h := startTerminal(t, "-b", e.BootstrapServers(), "produce", "t")
	h.wait(">")
	h.typed("one\r")
	h.wait(">one", ">")
	h.typed("\x04")
	h.waitExit(0)
	h = startTerminal(t, "-b", e.BootstrapServers(), "produce", "t")
	h.wait(">")
	h.typed("two\r")
	h.wait(">two", ">")
	h.typed("\x03")
	h.waitExit(130)
	h = startTerminal(t, "-b", e.BootstrapServers(), "consume", "--from-beginning", "t")
	h.wait("one", "two")
	h.typed("\x03")
	h.wait("^CProcessed a total of 2 messages")
	h.waitExit(130)
}

// TestKafka_JSONBothWays writes what it has read, and reads the same.
func TestKafka_JSONBothWays(t *testing.T) {
	brokers(t)
	zoka := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command("zoka", args...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("zoka %s: %v", strings.Join(args, " "), err)
		}
		return string(out)
	}
	zoka("", "-c", "topics create from to")
	written := `{"timestamp":1700000000000,"key":"k","value":"v","headers":[["a","1"],["a",null],["","\u0000\"\\"]]}
{"timestamp":1700000000001,"key":null,"value":null}
{"timestamp":1700000000002,"key":"","value":""}
{"timestamp":1700000000003,"key_base64":"/w==","value_base64":"AP8=","headers":[["b","/w==","base64"],["/w==","x","name"]]}
`
	zoka(written, "produce", "-i", "json", "from")
	read := zoka("", "consume", "--from-beginning", "-e", "-o", "json", "from")
	zoka(read, "produce", "-i", "json", "to")
	again := zoka("", "-o", "json", "consume", "--from-beginning", "-e", "to")
	if want := strings.ReplaceAll(read, `"topic":"from"`, `"topic":"to"`); again != want {
		t.Errorf("read first\n%s\nand then\n%s", read, again)
	}
	for _, part := range []string{
		`"key":"k","value":"v","headers":[["a","1"],["a",null],["","\u0000\"\\"]]}`,
		`"key":null,"value":null,"headers":[]}`,
		`"key":"","value":"","headers":[]}`,
		`"key_base64":"/w==","value_base64":"AP8=","headers":[["b","/w==","base64"],["/w==","x","name"]]}`,
	} {
		if !strings.Contains(read, part) {
			t.Errorf("%s is not in\n%s", part, read)
		}
	}
}

// TestKafka_Kcat: kcat reads what we have written, and we read what it has.
func TestKafka_Kcat(t *testing.T) {
	kcat := peertest.Kcat(t)
	bootstrap := peertest.StartKRaft(t, peertest.KafkaOptions{}).Bootstrap()
	t.Setenv("ZOKA_BOOTSTRAP", bootstrap)
	ok(t, exec.Command("zoka", "topics", "create", "ours", "theirs", "-p", "3").Run())
	lines := filepath.Join(t.TempDir(), "lines")
	ok(t, os.WriteFile(lines, []byte("k1:one\nk2:two\nk1:three\n:\n"), 0o600))

	ok(t, exec.Command("zoka", "produce", "-K", ":", "-H", "h=x", "-l", lines, "ours").Run())
	out, err := exec.Command(kcat, "-C", "-b", bootstrap, "-t", "ours", "-e", "-q", "-f", `%p %k:%s %h\n`).Output()
	ok(t, err)
	ours := string(out)
	ok(t, exec.Command(kcat, "-P", "-b", bootstrap, "-t", "theirs", "-K", ":", "-H", "h=x", "-X", "topic.partitioner=murmur2", "-l", lines).Run())
	out, err = exec.Command("zoka", "consume", "--from-beginning", "-e", "-f", `%p %k:%v %h{%k=%v}\n`, "theirs").Output()
	ok(t, err)
	sameLines(t, ours, string(out))
	for _, want := range []string{" k1:one h=x\n", " k2:two h=x\n", " k1:three h=x\n", " : h=x\n"} {
		if !strings.Contains(ours, want) {
			t.Errorf("%q is not in\n%s", want, ours)
		}
	}
}

// sameLines compares texts whose lines may have any order: partitions are read side by side.
func sameLines(t *testing.T, a, b string) {
	t.Helper()
	count := map[string]int{}
	for line := range strings.Lines(a) {
		count[line]++
	}
	for line := range strings.Lines(b) {
		count[line]--
	}
	for line, n := range count {
		if n != 0 {
			t.Errorf("%q is there %d times more in the first than in the second:\n%s\n%s", line, n, a, b)
		}
	}
}

// TestKafka_MixedUp: each wrong address is told apart, within seconds.
func TestKafka_MixedUp(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	server, broker := e.ConnectString(), e.BootstrapServers()
	for _, row := range []struct {
		args []string
		says string
	}{
		{[]string{"-b", server, "topics"}, "no Kafka broker at " + server + ": a ZooKeeper server answers there; -server " + server + " finds the brokers through it\n"},
		{[]string{"-server", broker, "ls", "/"}, broker + " is a Kafka broker, no ZooKeeper server; -b " + broker + " is how to name it\n"},
		{[]string{"-server", broker, "topics"}, "look for brokers in ZooKeeper: " + broker + " is a Kafka broker, no ZooKeeper server; -b " + broker + " is how to name it\n"},
		{[]string{"-b", "127.0.0.1:1", "topics"}, "no Kafka broker at 127.0.0.1:1: connection refused\n"},
		{[]string{"-server", server + "/nowhere", "topics"}, "ZooKeeper knows of no Kafka cluster: there is no /brokers/ids"},
	} {
		var said strings.Builder
		cmd := exec.Command("zoka", row.args...)
		cmd.Stderr = &said
		err := cmd.Run()
		if cmd.ProcessState.ExitCode() != 3 || !strings.HasPrefix(said.String(), row.says) {
			t.Errorf("zoka %s: %v, says %q, want %q", strings.Join(row.args, " "), err, said.String(), row.says)
		}
	}
}

// TestBroker_MixedUp: a broker whose zookeeper.connect names another broker says so before its patience is used up.
func TestBroker_MixedUp(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	file := filepath.Join(t.TempDir(), "server.properties")
	ok(t, os.WriteFile(file, []byte("listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs="+t.TempDir()+"\nzookeeper.connect="+e.BootstrapServers()+
		"\nzookeeper.connection.timeout.ms=600000\n"), 0o600))
	var said strings.Builder
	cmd := exec.Command("zoka", "broker", file)
	cmd.Stderr = &said
	err = cmd.Run()
	want := "zookeeper.connect=" + e.BootstrapServers() + ": " + e.BootstrapServers() + " is a Kafka broker, no ZooKeeper server; it wants "
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), want) {
		t.Errorf("%v, says %q, want %q", err, said.String(), want)
	}
}

// TestKafka_Connect: brokers that were found through ZooKeeper are looked for again when the shell turns to another,
// and -b turns to others by their address.
func TestKafka_Connect(t *testing.T) {
	here, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, here.Close()) })
	there, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, there.Close()) })
	script := "topics create here; connect " + there.ConnectString() + "; topics create there; topics list; " +
		"connect -b " + here.BootstrapServers() + "; topics list; connect -b " + there.BootstrapServers() + "; topics list"
	out, err := exec.Command("zoka", "-server", here.ConnectString(), "-c", script).Output()
	ok(t, err)
	if want := "created here\ncreated there\nthere\nhere\nthere\n"; string(out) != want {
		t.Errorf("shows %q, want %q", out, want)
	}
}

// TestKafka_Config takes what it needs of a client.properties, and names what does not count.
func TestKafka_Config(t *testing.T) {
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: 1, Brokers: true})
	ok(t, err)
	t.Cleanup(func() { ok(t, e.Close()) })
	file := filepath.Join(t.TempDir(), "client.properties")
	for text, row := range map[string]struct {
		code int
		says string
	}{
		"bootstrap.servers=" + e.BootstrapServers():                 {0, ""},
		"bootstrap.servers=" + e.BootstrapServers() + "\nno.such=1": {0, "zoka: " + file + ":2: no.such does nothing here\n"},
		"security.protocol=TLS":                                     {2, "topics: " + file + `:1: security.protocol: "TLS" is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL` + "\n"},
	} {
		ok(t, os.WriteFile(file, []byte(text), 0o600))
		var said strings.Builder
		cmd := exec.Command("zoka", "--command-config", file, "topics")
		cmd.Stderr = &said
		err := cmd.Run()
		if cmd.ProcessState.ExitCode() != row.code || said.String() != row.says {
			t.Errorf("%q: %v, says %q, want %q", text, err, said.String(), row.says)
		}
	}
}
