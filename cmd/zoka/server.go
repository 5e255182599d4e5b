package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/testcluster/ensemble/control"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zkserver"
	"github.com/zoka-project/zoka/testcluster/zkserver/admin"
	"github.com/zoka-project/zoka/testcluster/zkserver/httpd"
	"github.com/zoka-project/zoka/testcluster/zkserver/metrics"
	"github.com/zoka-project/zoka/testcluster/zkserver/zoocfg"
)

const serverUsage = "usage: zoka server [-Dzookeeper.KEY=VALUE…] zoo.cfg, or clientPort dataDir [tickTime [maxClientCnxns]]"

// runServer serves what a zoo.cfg describes until a signal comes, which is its ordinary end. A configuration that no
// server can run with is a usage error, as ZooKeeper has it: exit code 2.
func runServer(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) == 1 && (p.args[0] == "-h" || p.args[0] == "--help") {
		fmt.Fprintln(p.stdout, serverUsage)
		return command.ExitOK
	}
	files, overrides, err := serverArgs(p.args)
	if err != nil {
		return p.fail(err)
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	node, err := control.Join(p.getenv) // of zoka cluster, perhaps
	if err != nil {
		_ = p.fail(fmt.Errorf("server: %w", err))
		return command.ExitFailed
	}
	defer node.Close()
	ctx, cancel := node.Context(ctx)
	defer cancel()
	cfg, warnings, err := loadConfig(files, overrides)
	for _, w := range warnings {
		log.Warn(w.String())
	}
	var bad *zoocfg.Error
	if err == nil {
		saveMemory(p.getenv)
		defer returnMemory()()
		cuts := new(transport.Cuts)
		if err = node.Obey(cuts); err == nil {
			err = serve(ctx, cfg, cuts, log)
		}
	}
	if errors.As(err, &bad) {
		_ = p.fail(err)
		return command.ExitUsage
	}
	if err != nil {
		_ = p.fail(err)
		return command.ExitFailed
	}
	return command.ExitOK
}

// serverArgs parts the -DName=Value from the rest.
func serverArgs(args []string) (rest []string, overrides []zoocfg.Property, err error) {
	for _, arg := range args {
		pair, property := strings.CutPrefix(arg, "-D")
		switch {
		case property && pair != "":
			name, value, _ := strings.Cut(pair, "=")
			overrides = append(overrides, zoocfg.Property{Name: name, Value: value})
		case strings.HasPrefix(arg, "-"):
			return nil, nil, command.Usagef("server: %s: unknown flag; %s", arg, serverUsage)
		default:
			rest = append(rest, arg)
		}
	}
	if len(rest) == 0 || len(rest) > 4 {
		return nil, nil, command.Usagef("server: %s", serverUsage)
	}
	return rest, overrides, nil
}

// loadConfig takes one argument as a file, and more as its most important settings.
func loadConfig(args []string, overrides []zoocfg.Property) (*zoocfg.Config, []zoocfg.Warning, error) {
	if len(args) == 1 {
		return zoocfg.Load(args[0], overrides)
	}
	return zoocfg.Args(args, overrides)
}

// serve runs the server until ctx ends, or until it has to stop, which is an error.
func serve(ctx context.Context, cfg *zoocfg.Config, cuts *transport.Cuts, log *slog.Logger) error {
	settings := cfg.Server()
	l, err := listen(ctx, cfg)
	if err != nil {
		return fmt.Errorf("server: %s: client port: %w", cfg.Origin("clientPort", ownLine(&settings)), err)
	}
	settings.Listeners, settings.Logger = []net.Listener{l}, log
	if settings.Ensemble != nil {
		settings.Ensemble.Cuts = cuts
	}
	s, err := zkserver.New(settings)
	if err != nil {
		_ = l.Close() // nobody has come in by it
		var port *net.OpError
		if errors.As(err, &port) && port.Op == "listen" {
			return fmt.Errorf("server: %s: %w", cfg.Origin(ownLine(&settings)), err)
		}
		return fmt.Errorf("server: %w", err)
	}
	webs, err := startWeb(cfg, s, log)
	if err != nil {
		return errors.Join(fmt.Errorf("server: %w", err), s.Close())
	}
	log.Info("listening on "+l.Addr().String(), "mode", kindOf(settings.Ensemble), "data", settings.DataDir)
	err = s.Serve(ctx)
	for _, web := range webs {
		err = errors.Join(err, web.Close())
	}
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	log.Info("stopped")
	return nil
}

// ownLine is the key of the line that has a member's own addresses.
func ownLine(c *zkserver.Config) string { return fmt.Sprintf("server.%d", c.ServerID) }

// kindOf is what a server is when it begins: which part a member of an ensemble has is for the election to tell.
func kindOf(e *zkserver.Ensemble) string {
	if e == nil {
		return "standalone"
	}
	return fmt.Sprintf("member of an ensemble of %d", len(e.Members))
}

// keepAlive is how often a silent client's connection is probed, where clientTcpKeepAlive asks for it.
const keepAlive = time.Minute

func listen(ctx context.Context, cfg *zoocfg.Config) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	if cfg.Requests.TCPKeepAlive {
		config.KeepAlive = keepAlive
	}
	return config.Listen(ctx, "tcp", cfg.Client.String())
}

// startWeb starts what the configuration asks for beside the client port. A taken AdminServer port is no reason not to
// serve: it is on by default, and 8080 is everybody's.
func startWeb(cfg *zoocfg.Config, s *zkserver.Server, log *slog.Logger) ([]*httpd.Server, error) {
	var webs []*httpd.Server
	if cfg.Metrics.Prometheus {
		h := metrics.Handler(s, metrics.Options{Process: cfg.Metrics.ProcessInfo})
		web, err := httpd.Start(cfg.Metrics.Address.String(), h, httpd.Options{Logger: log})
		if err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
		log.Info("serving metrics", "url", "http://"+web.Addr().String()+"/metrics")
		webs = append(webs, web)
	}
	if !cfg.Admin.Enabled {
		return webs, nil
	}
	h := admin.Handler(s, admin.Options{
		CommandURL: cfg.Admin.CommandURL, Snapshot: cfg.Admin.SnapshotEnabled, RateLimit: cfg.Admin.RateLimit,
		Configuration: cfg.Text, Properties: properties(cfg),
	})
	web, err := httpd.Start(cfg.Admin.Address.String(), h, httpd.Options{Idle: cfg.Admin.IdleTimeout, Logger: log})
	if err != nil {
		log.Warn("no AdminServer: admin.serverPort names another, admin.enableServer=false none", "err", err)
		return webs, nil
	}
	log.Info("serving the AdminServer", "url", "http://"+web.Addr().String()+cfg.Admin.CommandURL)
	return append(webs, web), nil
}

func properties(cfg *zoocfg.Config) []zkserver.Setting {
	var list []zkserver.Setting
	for _, p := range cfg.Properties {
		list = append(list, zkserver.Setting(p))
	}
	return list
}
