package flw_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

func TestApache(t *testing.T) {
	ctx := t.Context()
	s := peertest.StartZK39(t, peertest.Options{Config: []string{"4lw.commands.whitelist=srvr, stat, mntr, ruok, isro, cons, conf, envi, wchs"}})
	if err := flw.Ruok(ctx, s.Addr(), nil); err != nil {
		t.Error(err)
	}
	if mode, err := flw.Isro(ctx, s.Addr(), nil); mode != "rw" || err != nil {
		t.Errorf("isro: %q %v", mode, err)
	}
	info, err := flw.Srvr(ctx, s.Addr(), nil)
	if err != nil || !strings.HasPrefix(info.Version, "3.9.4") || info.Mode != "standalone" || info.NodeCount != 5 || info.Received == 0 {
		t.Errorf("srvr: %+v %v", info, err)
	}
	text, err := flw.Do(ctx, s.Addr(), "stat", nil)
	if err != nil {
		t.Error(err)
	}
	if info, err := flw.ParseSrvr(text); err != nil || info.Mode != "standalone" {
		t.Errorf("stat: %+v %v", info, err)
	}
	if m, err := flw.Mntr(ctx, s.Addr(), nil); err != nil || m["zk_server_state"] != "standalone" || m["zk_znode_count"] != "5" {
		t.Errorf("mntr: %v, %d entries", err, len(m))
	}
	if m, err := flw.Conf(ctx, s.Addr(), nil); err != nil || m["tickTime"] != "2000" {
		t.Errorf("conf: %v %v", m, err)
	}
	if m, err := flw.Envi(ctx, s.Addr(), nil); err != nil || m["java.version"] == "" {
		t.Errorf("envi: %v %v", m, err)
	}
	conns, err := flw.Cons(ctx, s.Addr(), nil)
	if err != nil || len(conns) != 1 || !strings.HasPrefix(conns[0].Addr, "127.0.0.1:") || conns[0].Session != 0 {
		t.Errorf("cons: %+v %v", conns, err)
	}
	if _, err := flw.Do(ctx, s.Addr(), "wchc", nil); !errors.Is(err, flw.ErrNotAllowed) {
		t.Errorf("a word that is not allowed: %v", err)
	}
	if _, err := flw.Do(ctx, s.Addr(), "zzzz", nil); err == nil {
		t.Error("a word that is none was answered")
	}
	if _, err := flw.Do(ctx, s.Addr(), "toolong", nil); err == nil {
		t.Error("a word of seven letters was sent")
	}
}

// One member of three that is alone: it answers words, and serves nobody.
func TestApache_NotServing(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	writeFile(t, dir+"/myid", "1")
	s := peertest.StartZK39(t, peertest.Options{DataDir: dir, NoWait: true, Config: members(t)})
	deadline := time.Now().Add(30 * time.Second)
	for flw.Ruok(ctx, s.Addr(), nil) != nil {
		if time.Now().After(deadline) {
			t.Fatal("the server does not say that it is ok")
		}
	}
	if _, err := flw.Srvr(ctx, s.Addr(), nil); !errors.Is(err, flw.ErrNotServing) {
		t.Errorf("srvr: %v", err)
	}
	if mode, err := flw.Isro(ctx, s.Addr(), nil); mode != "null" || err != nil {
		t.Errorf("isro: %q %v", mode, err)
	}
}

// The lines are answers of Apache ZooKeeper 3.9.4, a leader of three.
func TestParse_Leader(t *testing.T) {
	info, err := flw.ParseSrvr("Zookeeper version: 3.9.4-7246445ec281f3dbf53dc54e970c914f39713903, built on 2025-08-19 19:53 UTC\n" +
		"Latency min/avg/max: 0/1.75/13\nReceived: 25\nSent: 24\nConnections: 1\nOutstanding: 0\n" +
		"Zxid: 0xffffffff00000002\nMode: leader\nNode count: 6\nProposal sizes last/min/max: 48/32/51\n")
	if err != nil || info.LatencyAvg != 1.75 || info.LatencyMax != 13 || info.Zxid.Counter() != 2 || info.Zxid.Epoch() != 0xffffffff ||
		info.ProposalMin != 32 || info.ProposalMax != 51 {
		t.Errorf("%+v %v", info, err)
	}
	conns, err := flw.ParseCons(" /0:0:0:0:0:0:0:1:48044[1](queued=0,recved=14,sent=18,sid=0x8000dd51e160000,lop=SETD," +
		"est=1789000000000,to=30000,lcxid=0xb,lzxid=0x100000007,lresp=1789000000001,llat=1,minlat=0,avglat=1,maxlat=9)\n\n")
	if err != nil || len(conns) != 1 || conns[0].Addr != "0:0:0:0:0:0:0:1:48044" || conns[0].Session != 0x8000dd51e160000 ||
		conns[0].LastOp != "SETD" || conns[0].Timeout != 30000 || conns[0].MaxLatency != 9 {
		t.Errorf("%+v %v", conns, err)
	}
	for _, bad := range []string{"", "Mode: leader\n", "Zookeeper version: x\nMode: x\nZxid: zz\n"} {
		if _, err := flw.ParseSrvr(bad); !errors.Is(err, flw.ErrUnexpected) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := flw.ParseCons("GET / HTTP/1.1\n"); !errors.Is(err, flw.ErrUnexpected) {
		t.Errorf("cons: %v", err)
	}
}

func TestDo_NobodyThere(t *testing.T) {
	addr := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: peertest.FreePort(t)}).String()
	_, err := flw.Do(t.Context(), addr, "ruok", nil)
	var fe *flw.Error
	if !errors.As(err, &fe) || fe.Addr != addr || fe.Word != "ruok" {
		t.Errorf("%v", err)
	}
}

// A server that accepts and says nothing: the end of the context ends the wait.
func TestDo_Silence(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = server.Read(make([]byte, 4))
		cancel()
	}()
	_, err := flw.Do(ctx, "silent", "ruok", func(context.Context, string, string) (net.Conn, error) { return client, nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// members are the lines of an ensemble of three, of which nobody else runs.
func members(t *testing.T) []string {
	t.Helper()
	var lines []string
	for id := 1; id <= 3; id++ {
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, peertest.FreePort(t), peertest.FreePort(t)))
	}
	return lines
}
