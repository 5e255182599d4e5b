package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestBroker_FullDisk: a broker whose only disk is full ends by itself with exit code 1 and a line that names folder, file
// and cause, and does not start before there is room; then everything that was acknowledged is there.
func TestBroker_FullDisk(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a file system of its own needs the right to mount one: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v: %s", disk, err, out)
		}
	})
	e := zooKeeper(t)
	logs := filepath.Join(disk, "logs")
	path, addr := brokerConfig(t, e.ConnectString(), "log.dirs="+logs)
	s := startBroker(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	acknowledged := produceUntil(ctx, t, addr, func() bool { return len(s.rest) > 0 })
	log := <-s.rest
	if s.cmd.Wait() == nil || s.cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d", s.cmd.ProcessState.ExitCode())
	}
	last := log[len(log)-1]
	for _, part := range []string{"zoka: broker: FATAL: shutdown broker because all log dirs have failed: log folder " + logs + " has failed: ",
		logs + "/t-0/00000000000000000000.log", "no space left on device"} {
		if !strings.Contains(last, part) {
			t.Errorf("the last line is %q, without %q", last, part)
		}
	}
	out, err := exec.CommandContext(ctx, "zoka", "broker", path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "no space left on device") {
		t.Errorf("without room it starts: %v, %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "remount,size=8m", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s = startBroker(t, path)
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics("t"), kgo.MetadataMinAge(100*time.Millisecond))
	ok(t, err)
	defer cl.Close()
	for n := 0; n < acknowledged; {
		f := cl.PollFetches(ctx)
		ok(t, f.Err0())
		f.EachRecord(func(r *kgo.Record) {
			if r.Offset != int64(n) || !strings.HasPrefix(string(r.Value), fmt.Sprint(n)+" ") {
				t.Fatalf("record %d at offset %d is %.10q", n, r.Offset, r.Value)
			}
			n++
		})
	}
	s.end(t, syscall.SIGTERM, 0)
}

// produceUntil writes records one after another until ended, and returns how many were acknowledged. An idempotent producer
// of kgo would wait without end for a broker that has gone before it answered.
func produceUntil(ctx context.Context, t *testing.T, addr string, ended func() bool) (acknowledged int) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic("t"), kgo.AllowAutoTopicCreation(), kgo.MetadataMinAge(100*time.Millisecond),
		kgo.DisableIdempotentWrite(), kgo.RecordDeliveryTimeout(5*time.Second), kgo.ProducerBatchCompression(kgo.NoCompression()))
	ok(t, err)
	defer cl.Close()
	for !ended() {
		value := fmt.Append(nil, acknowledged, " ", strings.Repeat("x", 20_000))
		if err := cl.ProduceSync(ctx, &kgo.Record{Value: value}).FirstErr(); err != nil {
			return acknowledged
		}
		acknowledged++
	}
	return acknowledged
}
