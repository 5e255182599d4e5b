// Package metrics shows a server's figures in Prometheus' text format, under the names that ZooKeeper's
// PrometheusMetricsProvider uses. It measures nothing: the figures are the rows of zkserver.Metrics, those of mntr.
// The server command serves it on metricsProvider.httpPort.
//
//	web, err := httpd.Start("127.0.0.1:7000", metrics.Handler(server, metrics.Options{}), httpd.Options{})
//
// The format is written by hand: a client library for it costs every start of the shell, which is the same program,
// more than a millisecond.
package metrics

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Options choose what is shown.
type Options struct {
	// Process adds figures of the process: processor time, memory, descriptors.
	Process bool
}

// contentType is of the text format, version 0.0.4.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// Handler answers GET /metrics.
func Handler(s *zkserver.Server, o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		st := s.Stats()
		var b bytes.Buffer
		for _, m := range zkserver.Metrics(&st) {
			head(&b, m.Name, m.Kind.String(), m.Help)
			if m.Kind == zkserver.Series {
				sum := m.Summary(&st)
				sample(&b, m.Name+"_count", float64(sum.Count))
				sample(&b, m.Name+"_sum", float64(sum.Sum))
				continue
			}
			sample(&b, m.Name, m.Value(&st))
		}
		if o.Process {
			for _, p := range process() {
				head(&b, p.name, p.kind, p.help)
				sample(&b, p.name, p.value)
			}
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(b.Bytes()) // who asked has gone
	})
	return mux
}

// head begins a family.
func head(b *bytes.Buffer, name, kind, help string) {
	help = strings.NewReplacer("\\", `\\`, "\n", `\n`).Replace(help)
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func sample(b *bytes.Buffer, name string, value float64) {
	fmt.Fprintf(b, "%s %s\n", name, number(value))
}

// number writes whole values with their .0, as Java does, and others in full.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// figure is one value of the process, under the name that all of Prometheus' own libraries use.
type figure struct {
	name, kind, help string
	value            float64
}
