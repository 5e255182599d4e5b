package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/testcluster/ensemble/control"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zkserver/zoocfg"
)

const nodeUsage = "usage: zoka node zoo.cfg server.properties"

// runNode serves what a zoo.cfg and a server.properties describe in one process, as the nodes of zoka cluster do, until
// a signal comes or one of the two cannot go on.
func runNode(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) == 1 && (p.args[0] == "-h" || p.args[0] == "--help") {
		fmt.Fprintln(p.stdout, nodeUsage)
		return command.ExitOK
	}
	if len(p.args) != 2 {
		return p.fail(command.Usagef("node: %s", nodeUsage))
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	node, err := control.Join(p.getenv)
	if err != nil {
		_ = p.fail(fmt.Errorf("node: %w", err))
		return command.ExitFailed
	}
	defer node.Close()
	ctx, cancel := node.Context(ctx)
	defer cancel()
	server, broker, err := loadNode(p.args[0], p.args[1], log)
	if err != nil {
		_ = p.fail(err)
		return command.ExitUsage
	}
	saveMemory(p.getenv)
	defer returnMemory()()
	if err := serveNode(ctx, server, broker, node, log); err != nil {
		_ = p.fail(err)
		return command.ExitFailed
	}
	return command.ExitOK
}

// loadNode reads both files, and tells what of them is passed over.
func loadNode(serverFile, brokerFile string, log *slog.Logger) (*zoocfg.Config, *kconf.Broker, error) {
	server, warnings, err := zoocfg.Load(serverFile, nil)
	for _, w := range warnings {
		log.Warn(w.String())
	}
	if err != nil {
		return nil, nil, err
	}
	broker, brokerWarnings, err := kconf.LoadBroker(brokerFile)
	for _, w := range brokerWarnings {
		log.Warn(w.String())
	}
	return server, broker, err
}

// serveNode runs the server, and the broker as long as there is a server. The broker ends first: in good order it hands
// over what it leads, for which it needs ZooKeeper.
func serveNode(ctx context.Context, cfg *zoocfg.Config, broker *kconf.Broker, node *control.Node, log *slog.Logger) error {
	cuts := new(transport.Cuts)
	if err := node.Obey(cuts); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	serverCtx, stopServer := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServer()
	brokerCtx, stopBroker := context.WithCancel(ctx)
	defer stopBroker()
	ended := make(chan error, 1)
	go func() {
		defer stopBroker()
		ended <- serve(serverCtx, cfg, cuts, log)
	}()
	err := awaitServer(brokerCtx, cfg.Client.String())
	if err == nil {
		err = serveBroker(brokerCtx, kbroker.Options{
			Config: broker, Logger: log, Dial: cuts.Dialer(new(net.Dialer).DialContext, node.Peer),
		})
	}
	if brokerCtx.Err() != nil && errors.Is(err, brokerCtx.Err()) {
		err = nil
	}
	stopServer()
	return errors.Join(err, <-ended)
}

// awaitServer waits until the node's own server serves, however long the others are away.
func awaitServer(ctx context.Context, addr string) error {
	const first, last = time.Millisecond, 50 * time.Millisecond
	for pause := first; ; pause = min(pause*3/2, last) {
		if _, err := flw.Srvr(ctx, addr, nil); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
