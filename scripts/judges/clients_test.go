package judges

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// clientPatience bounds one program of another project's client.
const clientPatience = 2 * time.Minute

// TestClients_KafkaPython: a client that is all Python.
func TestClients_KafkaPython(t *testing.T) {
	t.Parallel()
	useBrokers(t, debianPython(t, "kafka", "kafka_python.py")...)
}

// TestClients_Confluent: a client on librdkafka, also while each broker in turn is killed.
func TestClients_Confluent(t *testing.T) {
	t.Parallel()
	useBrokers(t, debianPython(t, "confluent_kafka", "librdkafka.py")...)
}

// TestClients_Java: the groups of Apache's client of today, by all of its assignors.
func TestClients_Java(t *testing.T) {
	t.Parallel()
	kafka := peertest.FindKafka(t, "4")
	quiet := "-Dlog4j2.configurationFile=file:" + filepath.Join(filepath.Dir(kafka.Tool("")), "tools.properties")
	java := append(kafka.Java(), "-Xmx256m", quiet, filepath.Join("testdata", "Groups.java"))
	useBrokers(t, java...)
}

// debianPython is the command of a script that needs one of Debian's modules.
func debianPython(t *testing.T, module, script string) []string {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import "+module).CombinedOutput(); err != nil {
		peertest.Missing(t, module+" is not installed: "+tail(string(out), 1), "scripts/peers/peers.sh install debian")
	}
	return []string{"/usr/bin/python3", filepath.Join("testdata", script)}
}

// useBrokers runs a program with the addresses of three brokers of ours. Its lines "please VERB NODE" ask for a fault,
// and get the line "done" when it is there. It must end well, with the line "done".
func useBrokers(t *testing.T, command ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientPatience)
	defer cancel()
	e, err := ensemble.Start(ctx, ensemble.Options{InMemory: true, Brokers: true, Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cmd := exec.CommandContext(ctx, command[0], append(command[1:], e.BootstrapServers())...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := serveFaults(ctx, t, e, out, in)
	if err := cmd.Wait(); err != nil || last != "done" {
		t.Errorf("%s: %v; its last line: %q", filepath.Base(command[len(command)-1]), err, last)
	}
	t.Logf("it took %v", time.Since(start).Round(100*time.Millisecond))
}

// serveFaults does what the lines of a program ask for, until it ends, and returns the last line.
func serveFaults(ctx context.Context, t *testing.T, e *ensemble.Ensemble, out io.Reader, in io.Writer) string {
	t.Helper()
	last := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		last = lines.Text()
		t.Log(last)
		asked, ok := strings.CutPrefix(last, "please ")
		if !ok {
			continue
		}
		if err := fault(ctx, e, asked); err != nil {
			t.Errorf("%s: %v", asked, err)
		}
		if _, err := io.WriteString(in, "done\n"); err != nil {
			t.Error(err)
		}
	}
	return last
}

// fault does "kill NODE" or "restart NODE".
func fault(ctx context.Context, e *ensemble.Ensemble, asked string) error {
	var verb string
	var node int
	if _, err := fmt.Sscan(asked, &verb, &node); err != nil {
		return err
	}
	switch verb {
	case "kill":
		return e.Kill(ctx, node)
	case "restart":
		return e.Restart(ctx, node)
	}
	return fmt.Errorf("%q: %w", verb, os.ErrInvalid)
}
